/** 79: sources and sinks whose promises never settle. What waits for them ends visibly, and nothing else waits. */
import { describe, expect, it } from 'vitest'
import { limits } from '../../core/limits.ts'
import type { Timers } from '../../core/ports/index.ts'
import { simulatedFiles } from '../../core/simulated/files.ts'
import { systemPorts } from '../../core/system/index.ts'
import {
  fileStore,
  flow,
  fromArray,
  fromGenerator,
  run,
  toJsonl,
  type Flow,
  type SinkDefinition,
  type SinkWriter,
  type SourceDefinition,
} from '../../index.ts'
import {
  eventsOf,
  ledgerFlow,
  ledgerRows,
  quickRestarts,
  runToEnd,
  visibleRows,
  type Ran,
  type Row,
} from './support.ts'

const never = new Promise<never>(() => undefined)

/** Ten minutes of waiting for a commit are a tenth of a second. */
const timers: Timers = {
  ...systemPorts.timers,
  after: (ms, fn) => systemPorts.timers.after(ms === limits.commitMsMax ? 100 : ms, fn),
}

/** The promise of one of its methods never settles, so many times. */
function silentSink(method: 'barrier' | 'commit', times: number): SinkDefinition<Row> {
  const inner = toJsonl<Row>('/out')
  let left = times
  const isSilent = (of: typeof method): boolean => of === method && left-- > 0
  return {
    ...inner,
    async open(context) {
      const writer: SinkWriter<Row> = await inner.open(context)
      return {
        write: (row) => writer.write(row),
        get full() {
          return writer.full
        },
        barrier: (checkpoint) => (isSilent('barrier') ? never : writer.barrier(checkpoint)),
        commit: (handles) => (isSilent('commit') ? never : writer.commit(handles)),
        close: () => writer.close(),
      }
    },
  }
}

const live = (sink: SinkDefinition<Row>, disk = simulatedFiles()): Promise<Ran> =>
  runToEnd(ledgerFlow({ sink }), {
    parallelism: 2,
    restart: { ...quickRestarts, restartsMax: 1 },
    checkpoints: { everyMs: 10, timeoutMs: 100, failuresMax: 2, store: fileStore('/store') },
    ports: { files: disk, timers },
  })

describe('a sink that never answers', () => {
  it('to a barrier: its checkpoints time out, a restart heals it, exact', async () => {
    const disk = simulatedFiles()
    const ran = await live(silentSink('barrier', 1), disk)
    expect(ran.error).toBeUndefined()
    expect(ran.result?.restarts).toBe(1)
    expect(eventsOf(ran, 'checkpoint.failed').map(({ message }) => message)).toEqual([
      expect.stringMatching(/within 100 ms; 1 of 4 tasks did not acknowledge: ledger\[\d\]/),
      expect.stringMatching(/within 100 ms; 1 of 4 tasks did not acknowledge: ledger\[\d\]/),
    ])
    expect(await visibleRows(disk)).toEqual(ledgerRows())
  })

  it('to a commit: its task fails, a restart heals it, exact', async () => {
    const disk = simulatedFiles()
    const ran = await live(silentSink('commit', 1), disk)
    expect(ran.error).toBeUndefined()
    expect(ran.result?.restarts).toBe(1)
    expect(eventsOf(ran, 'task.failed')).toMatchObject([{ code: 'COMMIT_TIMEOUT', step: 'out' }])
    expect(await visibleRows(disk)).toEqual(ledgerRows())
  })

  it.each([
    ['a barrier', 'barrier', 'CHECKPOINT_FAILURES'],
    ['a commit', 'commit', 'COMMIT_TIMEOUT'],
  ] as const)('to %s, however often it is asked: the job fails and says so', async (_, method, code) => {
    const disk = simulatedFiles()
    const ran = await live(silentSink(method, Infinity), disk)
    expect(ran.error).toMatchObject({ code })
    expect(await visibleRows(disk)).toEqual([])
  })
})

/** What hangs so many times, then answers. */
const hanging = <A extends unknown[], T>(times: number, ask: (...given: A) => Promise<T>) => {
  let left = times
  return (...given: A): Promise<T> => (left-- > 0 ? never : ask(...given))
}

describe('what does not open', () => {
  type Method = 'open' | 'prepare' | 'lastCommitted'
  const inner = toJsonl<Row>('/out')
  const hangingSink = (method: Method, times: number): SinkDefinition<Row> => ({
    ...inner,
    [method]: hanging(times, inner[method] as never),
  })
  const hangingSource = (method: 'splits' | 'open', times: number): Flow => {
    const source = fromGenerator({ count: 300, at: (id) => ({ id }) })
    const made = flow('opens')
    const hangs = { ...source, [method]: hanging(times, source[method] as never) } as typeof source
    made.source('in', hangs).sink('out', toJsonl('/out'))
    return made
  }
  const side = (times: number): Flow => {
    const source = fromArray([{ id: 7 }])
    const made = flow('side')
    const read = hanging(times, async () => null)
    made
      .source('in', fromGenerator({ count: 300, at: (id) => ({ id }) }))
      .joinStatic(
        'joined',
        { ...source, open: async () => ({ read, close: async () => undefined }) },
        { left: ({ id }) => id, right: ({ id }) => id },
        ({ id }) => ({ id }),
        { type: 'left' },
      )
      .sink('out', toJsonl('/out'))
    return made
  }
  const runIt = (made: Flow, disk = simulatedFiles()): Promise<Ran> =>
    runToEnd(made, {
      openMsMax: 50,
      checkpoints: { everyMs: 10, store: fileStore('/store') },
      ports: { files: disk },
    })
  const timeouts = (ran: Ran): unknown[] => eventsOf(ran, 'task.failed').map(({ code, step }) => [code, step])

  it('once: its task fails, a restart heals it, exact', async () => {
    const disk = simulatedFiles()
    const ran = await runIt(ledgerFlow({ sink: hangingSink('open', 1) }), disk)
    expect(ran.error).toBeUndefined()
    expect(timeouts(ran)).toEqual([['OPEN_TIMEOUT', 'out']])
    expect(await visibleRows(disk)).toEqual(ledgerRows())
  })

  it.each([
    ['the open of a sink', () => ledgerFlow({ sink: hangingSink('open', Infinity) }), 'out'],
    ['the splits of a source', () => hangingSource('splits', Infinity), 'in'],
    ['the open of a split', () => hangingSource('open', Infinity), 'in'],
    ['the side of a join', () => side(Infinity), 'joined'],
  ])('however often: %s ends the job after one restart, and the error says so', async (_, make, step) => {
    const ran = await runIt(make())
    expect(ran.error).toMatchObject({
      code: 'OPEN_TIMEOUT',
      retry: 'retry',
      message: expect.stringMatching(/ within 50 ms \(openMsMax\); .*; given up: it was so before/),
      details: { step },
    })
    expect(eventsOf(ran, 'job.restarting').length).toBe(1)
  })

  it.each([
    ['the splits of a source', () => hangingSource('splits', 1)],
    ['the open of a split', () => hangingSource('open', 1)],
    ['the side of a join', () => side(1)],
  ])('once, %s: a restart heals it', async (_, make) => {
    const ran = await runIt(make())
    expect([ran.error, ran.result?.restarts, ran.result?.records]).toEqual([undefined, 1, 300])
  })

  it('the prepare of a sink: the job does not start', async () => {
    const ran = await runIt(ledgerFlow({ sink: hangingSink('prepare', 1) }))
    expect(ran.error).toMatchObject({ code: 'OPEN_TIMEOUT', details: { step: 'out' } })
  })

  it('an illegal deadline is refused', async () => {
    const ran = run(ledgerFlow({ sink: inner }), { openMsMax: 0 })
    await expect(ran).rejects.toMatchObject({ code: 'OPTION_ILLEGAL' })
  })
})

describe('a source that never answers', () => {
  it('is one without records: checkpoints complete, and the job stops when it is told to', async () => {
    const disk = simulatedFiles()
    const silent: SourceDefinition<Row> = {
      kind: 'silent',
      replayable: true,
      deadLetters: false,
      splits: async () => ['0'],
      open: async () => ({ read: () => never, close: async () => undefined }),
    }
    const waiting = flow('waiting')
    waiting.source('silent', silent).sink('out', toJsonl('/out'))
    const job = await run(waiting, {
      checkpoints: { everyMs: 10, timeoutMs: 1_000, failuresMax: 1, store: fileStore('/store') },
      ports: { files: disk },
    })
    let completed = 0
    for await (const event of job.events) {
      if (event.event === 'checkpoint.completed' && (completed += 1) === 3) void job.stop()
    }
    expect(await job.finished).toMatchObject({ ended: false, records: 0, restarts: 0 })
    expect(completed).toBe(4)
  })
})
