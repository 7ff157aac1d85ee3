import { describe, expect, it } from 'vitest'
import { reportError } from '../core/errors.ts'
import { checkpointId, flowName, stepName, taskId, termNumber, type TaskId } from '../core/ids.ts'
import { decide, startCoordinator, wakeAtMs } from './coordinator.ts'
import type { CoordinatorCommand, CoordinatorFact, Deployment } from './coordinator-facts.ts'
import { ChannelStateError } from './errors.ts'
import type { TaskSnapshot } from './manifest.ts'
import { channelSnapshot, emptySnapshot, sampleChannel } from './simulated/samples.ts'

const source = taskId(stepName('source'), 0)
const sink = taskId(stepName('sink'), 0)

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

function coordinate(alignmentTimeoutMs: number | null) {
  const deployment: Deployment = {
    job: flowName('job'),
    epoch: { term: termNumber(1), attempt: 0 },
    fingerprint: 'f',
    keyGroups: 128,
    tasks: [source, sink],
    sources: [source],
    newest: 0,
    restored: null,
    options: { everyMs: 100, timeoutMs: 50, failuresMax: 3, minPauseMs: 0, alignmentTimeoutMs },
  }
  let nowMs = 1_000
  const now = () => ({ monotonicMs: nowMs, wallMs: nowMs })
  let { state } = startCoordinator(deployment, now())
  const tell = (fact: DistributiveOmit<CoordinatorFact, 'now'>): readonly CoordinatorCommand[] => {
    const decision = decide(state, { ...fact, now: now() })
    state = decision.state
    return decision.commands
  }
  return {
    tell,
    tick(ms: number) {
      nowMs += ms
      return tell({ kind: 'tick' })
    },
    wakeInMs: () => (wakeAtMs(state) ?? Infinity) - nowMs,
    acknowledge: (task: TaskId, checkpoint: number, snapshot: TaskSnapshot = emptySnapshot) =>
      tell({ kind: 'taskAcknowledged', task, checkpoint: checkpointId(checkpoint), snapshot }),
  }
}

const trigger = (checkpoint: number) => ({
  kind: 'trigger',
  checkpoint,
  final: false,
  savepoint: false,
  stop: false,
})

describe('coordinator: unaligned checkpoints', () => {
  it('C4: barriers overtake once alignmentTimeoutMs passed, and only once', () => {
    const job = coordinate(20)
    expect(job.tick(100)).toEqual([trigger(1)])
    expect(job.wakeInMs()).toBe(20)
    expect(job.tick(19)).toEqual([])
    expect(job.tick(1)).toEqual([{ kind: 'overtake', checkpoint: 1 }])
    expect(job.wakeInMs()).toBe(30)
    expect(job.tick(1)).toEqual([])
    job.acknowledge(source, 1)
    expect(job.acknowledge(sink, 1, channelSnapshot(sampleChannel()))).toMatchObject([
      { kind: 'writeManifest', manifest: { checkpoint: 1, unaligned: true } },
    ])
  })

  it('C4: one that completes in time is aligned, and has no channel state', () => {
    const job = coordinate(20)
    job.tick(100)
    job.acknowledge(source, 1)
    expect(job.acknowledge(sink, 1)).toMatchObject([{ manifest: { unaligned: false } }])
    const contradiction = coordinate(20)
    contradiction.tick(100)
    contradiction.acknowledge(source, 1)
    const acknowledge = () => contradiction.acknowledge(sink, 1, channelSnapshot(sampleChannel()))
    expect(acknowledge).toThrow(/C4: aligned checkpoint 1/)
  })

  it('C4: with 0 they overtake at once; without the option never', () => {
    expect(coordinate(0).tick(100)).toEqual([trigger(1), { kind: 'overtake', checkpoint: 1 }])
    const aligned = coordinate(null)
    expect([aligned.tick(100), aligned.wakeInMs(), aligned.tick(49)]).toEqual([[trigger(1)], 50, []])
  })

  it('C4, C8: one that is overdue in the end is given up like any other', () => {
    const job = coordinate(20)
    job.tick(100)
    expect(job.tick(50)).toMatchObject([{ kind: 'abort', reason: { code: 'CHECKPOINT_TIMEOUT' } }])
  })

  it('C4: savepoints, and what a job ends with, stay aligned: another parallelism may start from them', () => {
    for (const fact of [
      { kind: 'savepointRequested' },
      { kind: 'stopRequested', savepoint: false },
      { kind: 'sourceEnded', task: source },
    ] as const) {
      const job = coordinate(0)
      expect(job.tell(fact)).toMatchObject([{ kind: 'trigger' }])
      expect(job.tick(49)).toEqual([])
    }
  })

  it('C4: after a failure for its channel state the next is aligned, and the one after that is not', () => {
    const job = coordinate(0)
    job.tick(100)
    const error = reportError(new ChannelStateError('too much'))
    const declined = job.tell({ kind: 'taskDeclined', task: sink, checkpoint: checkpointId(1), error })
    expect(declined).toMatchObject([{ kind: 'abort', checkpoint: 1 }])
    expect(job.tick(100)).toEqual([trigger(2)])
    job.acknowledge(source, 2)
    job.acknowledge(sink, 2)
    job.tell({ kind: 'slotWritten', outcome: { kind: 'created' } })
    expect(job.tick(100)).toEqual([trigger(3), { kind: 'overtake', checkpoint: 3 }])
    const other = reportError(new Error('disk full'))
    job.tell({ kind: 'taskDeclined', task: sink, checkpoint: checkpointId(3), error: other })
    expect(job.tick(100)).toEqual([trigger(4), { kind: 'overtake', checkpoint: 4 }])
  })
})
