/** Each checker is heard through what an observer sees: frames as bytes, names on the disk, the trace. */
import { describe, expect, it } from 'vitest'
import { checkpointId, termNumber, type Epoch, type LinkId, type TaskId } from '../../../core/ids.ts'
import { encodeSlot } from '../../../snapshot/log/slot-format.ts'
import type { SlotRecord } from '../../../snapshot/log/index.ts'
import { sampleManifest } from '../../../snapshot/simulated/samples.ts'
import { writeBatchFrame, writeFrame } from '../../../transport/frame/index.ts'
import { CheckedRun } from './checked-run.ts'

const epoch: Epoch = { term: termNumber(1), attempt: 2 }
const link = 7 as LinkId
const about = { epoch, link, from: 'a[0]' as TaskId, to: 'b[0]' as TaskId }
const answer = (granted: number): Uint8Array =>
  writeFrame({ epoch, link, first: 0, kind: 'answer', probeId: 0, received: 0, granted })
const batch = (first: number): Uint8Array => writeBatchFrame({ epoch, link, first }, ['one', 'two'])
const slot = (record: SlotRecord) => (): Uint8Array => encodeSlot(record)
const checkpoint = (id: number, attempt = 2): (() => Uint8Array) =>
  slot({
    kind: 'checkpoint',
    manifest: { ...sampleManifest({ checkpoint: id }), epoch: { ...epoch, attempt } },
  })
const nothing = (): Uint8Array => new Uint8Array()
const path = (n: number): string => `/checkpoints/log/1/${n}`

/** What the run's checkers say of a run that did so. */
function told(play: (run: CheckedRun) => void): readonly string[] {
  const run = new CheckedRun()
  play(run)
  return run.check()
}

describe('CheckedRun', () => {
  it('is silent about a right run', () => {
    const silent = told((run) => {
      run.delivered(answer(10_000))
      run.published(batch(0))
      run.published(answer(0))
      run.trace({ kind: 'sent', ...about, element: { kind: 'watermark', atMs: 1 }, number: 1 })
      run.trace({ kind: 'sent', ...about, element: { kind: 'barrier', checkpoint: 3 }, number: 2 })
      run.trace({ kind: 'taken', ...about, element: { kind: 'watermark', atMs: 1 }, number: 1 })
      run.trace({ kind: 'captured', epoch, task: about.to, checkpoint: 3 })
      run.linked(path(0), slot({ kind: 'claimed', holder: 'a', atMs: 0 }))
      run.linked(path(1), checkpoint(3))
      run.linked('/out/part-0-3.jsonl', nothing)
    })
    expect(silent).toEqual([])
  })

  it('credit: a batch counts with its bytes, and only a whole answer grants', () => {
    const damaged = answer(10_000)
    damaged[30] = 1
    expect(told((run) => run.published(batch(0)))[0]).toMatch(/^credit: link 7 in epoch 1\.2: \d+ bytes/)
    expect(
      told((run) => {
        run.delivered(damaged)
        run.published(batch(0))
      }),
    ).toHaveLength(1)
    const twice = (run: CheckedRun): void => {
      run.delivered(answer(batch(0).length))
      run.published(batch(0))
      run.published(batch(0))
    }
    expect(told(twice)).toEqual([])
    expect(
      told((run) => {
        twice(run)
        run.published(batch(2 ** 32 + 2))
      }),
    ).toHaveLength(1)
  })

  it('cut and watermarks: of the trace, for every checkpoint that was complete', () => {
    const lost = told((run) => {
      run.trace({ kind: 'sent', ...about, element: { kind: 'batch', count: 4 }, number: 4 })
      run.trace({ kind: 'sent', ...about, element: { kind: 'barrier', checkpoint: 3 }, number: 5 })
      run.trace({ kind: 'captured', epoch, task: about.to, checkpoint: 3 })
      run.linked(path(1), checkpoint(3))
    })
    expect(lost[0]).toMatch(
      /^cut: checkpoint 3, .* in epoch 1\.2: 4 elements were on their way, 0 are stored/,
    )
    const fallen = told((run) => {
      run.trace({ kind: 'sent', ...about, element: { kind: 'watermark', atMs: 2 }, number: 1 })
      run.trace({ kind: 'sent', ...about, element: { kind: 'watermark', atMs: 1 }, number: 2 })
    })
    expect(fallen).toEqual(['watermarks: a[0] → b[0]: watermark 1 was sent after 2'])
  })

  it('job log: what was written counts, also once it is collected; what power took does not', () => {
    const twice = told((run) => {
      run.linked(path(1), checkpoint(3))
      run.linked(path(1), checkpoint(3))
    })
    expect(twice).toEqual([`job log: ${path(1)} was written twice`])
    const again = (record: SlotRecord, seal: number): readonly string[] =>
      told((run) => {
        run.linked(path(1), slot({ kind: 'aborted' }))
        run.linked(path(seal), slot({ kind: 'sealed', byTerm: termNumber(2) }))
        run.linked(path(1), slot(record))
      })
    expect(again({ kind: 'aborted' }, 2)).toEqual([])
    expect(again({ kind: 'aborted' }, 0)).toContain(`job log: ${path(1)} was written twice`)
    expect(again({ kind: 'finished', checkpoint: checkpointId(1) }, 2)).toEqual([
      `job log: ${path(1)} was written twice`,
    ])
    const stale = (run: CheckedRun): void => {
      run.linked(path(1), checkpoint(3, 3))
      run.linked(path(2), checkpoint(4, 2))
    }
    expect(told(stale)).toEqual(['job log: slot 1/2: checkpoint 4 is of the stale epoch 1.2'])
    expect(
      told((run) => {
        run.linked(path(1), checkpoint(3, 3))
        run.powerLost(new Set())
        run.linked(path(1), checkpoint(3))
      }),
    ).toEqual([])
  })

  it('commits: output follows its manifest; a slot that nobody can read leaves both open', () => {
    const early = (run: CheckedRun): void => run.linked('/out/part-0-3.jsonl', nothing)
    expect(told(early)[0]).toMatch(/^commits: \/out\/part-0-3\.jsonl was committed, and only 0 was complete/)
    expect(
      told((run) => {
        run.linked(path(1), () => encodeSlot({ kind: 'finished', checkpoint: checkpointId(3) }).subarray(1))
        early(run)
      }),
    ).toEqual([])
  })
})
