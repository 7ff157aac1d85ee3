// `run` in a script of the user's own: workers that run the script again, two flows in one script, stop, savepoint.
import { describe, expect, it } from 'vitest'
import { readJsonlFolder } from '../scenarios/harness/jsonl.ts'
import { Ledger, millrace } from './harness/ledger.ts'
import type { StartedProcess } from './harness/started-process.ts'

const printed = (job: StartedProcess, event: string): object[] =>
  (job.events as { event: string }[]).filter((each) => each.event === event)

describe('run without an entry', () => {
  it('the script runs again in each worker, where run becomes the worker; killed ones too', async () => {
    const ledger = new Ledger()
    const job = ledger.script('run-ledger.ts')
    await job.next('checkpoint.completed', 2)
    process.kill(job.workers[1]!.pid, 'SIGKILL')
    await job.next('job.restored')
    ledger.openGate()
    expect((await job.ended()).code).toBe(0)
    expect(job.of('job.started')).toHaveLength(1)
    expect(job.of('job.finished')).toMatchObject([{ records: 20_000, restarts: 1 }])
    await ledger.expectExact()
  })

  it.each(['together', 'in turn'])('two flows in one script, %s', async (order) => {
    const ledger = new Ledger()
    const job = ledger.script('two-flows.ts', { ORDER: order })
    expect(await job.ended()).toEqual({ code: 0, signal: null })
    expect(printed(job, 'result')).toEqual([
      { event: 'result', records: 2_000, ended: true },
      { event: 'result', records: 2_000, ended: true },
    ])
    for (const [name, factor] of [
      ['one', 1],
      ['two', 2],
    ] as const) {
      const rows = await readJsonlFolder<{ value: number }>(`${ledger.out}/${name}`)
      expect(rows).toHaveLength(7)
      expect(rows.reduce((sum, { value }) => sum + value, 0)).toBe((factor * 1_999 * 2_000) / 2)
    }
    expect(job.survivors()).toEqual([])
  })
})

describe('job.stop and job.savepoint', () => {
  it.each([
    ['stop', false],
    ['stop with savepoint', true],
  ])('%s: one more checkpoint, committed; started again it continues, exact', async (act, savepoint) => {
    const ledger = new Ledger()
    const first = ledger.script('run-ledger.ts', { ENTRY: 'ledger.ts', ACT: act })
    expect((await first.ended()).code).toBe(0)
    expect(printed(first, 'stopped')).toMatchObject([{ ended: false, restarts: 0 }])
    const last = first.of('checkpoint.completed').at(-1)!
    expect(last).toMatchObject({ savepoint, final: false })
    expect(first.of('job.stopped')).toMatchObject([{ checkpoint: last.id, savepoint }])
    expect(first.survivors()).toEqual([])
    await ledger.expectNothingTwice()
    ledger.expectNothingStaged()

    const second = ledger.run()
    ledger.openGate()
    expect((await second.ended()).code).toBe(0)
    expect(second.of('job.restored')).toMatchObject([{ checkpoint: last.id }])
    expect(second.of('job.finished')).toMatchObject([{ records: 20_000 }])
    await ledger.expectExact()
  })

  it('savepoint: resolves to its id, the job goes on, and retention keeps it', async () => {
    const ledger = new Ledger()
    const job = ledger.script('run-ledger.ts', { ENTRY: 'ledger.ts', ACT: 'savepoint' })
    const savepoints = () => job.of('checkpoint.completed').filter(({ savepoint }) => savepoint)
    await job.until('its savepoint', () => printed(job, 'savepoint').length + savepoints().length === 2)
    const [{ id }] = printed(job, 'savepoint') as [{ id: number }]
    expect(savepoints()).toMatchObject([{ id }])
    await job.next('checkpoint.completed', 5)
    ledger.openGate()
    expect((await job.ended()).code).toBe(0)
    const list = millrace(['checkpoints', ledger.store, '--json'])
    expect((await list.ended()).code).toBe(0)
    const kept = list.events as unknown as { id: number; savepoint: boolean }[]
    expect(kept).toHaveLength(4)
    expect(kept.filter(({ savepoint }) => savepoint)).toMatchObject([{ id }])
    await ledger.expectExact()
  })
})

describe('SIGINT and SIGTERM to the command', () => {
  it.each([
    ['SIGINT', 'to all its processes, as a terminal sends it', 130],
    ['SIGTERM', 'to all its processes, as a service manager sends it', 143],
  ] as const)('%s %s: a clean stop, which the same command continues', async (signal, _, code) => {
    const ledger = new Ledger()
    const first = ledger.run()
    await first.next('checkpoint.completed', 2)
    first.signalGroup(signal)
    expect(await first.ended()).toEqual({ code, signal: null })
    expect(first.of('job.stopped')).toHaveLength(1)
    expect(first.of('job.restarting')).toEqual([])
    expect(first.survivors()).toEqual([])
    const last = first.of('checkpoint.completed').at(-1)!
    const second = ledger.run()
    ledger.openGate()
    expect((await second.ended()).code).toBe(0)
    expect(second.of('job.restored')).toMatchObject([{ checkpoint: last.id }])
    await ledger.expectExact()
  })

  it('SIGTERM in the middle of a checkpoint, at each of its moments in turn: a clean stop each time, exact', async () => {
    const ledger = new Ledger()
    const runs = [
      // A task waits for its staged output; sinks commit.
      ...['barrier', 'commit'].map((at) => ({ run: () => ledger.run({ env: { TERM_AT: at } }), code: 143 })),
      ...['coordinator.all-acknowledged', 'coordinator.manifest-written'].map((at) => ({
        run: () =>
          ledger.script('run-ledger.ts', {
            ENTRY: 'ledger.ts',
            STOP_AT: at,
            STOP_HIT: '2',
            SIGNAL: 'SIGTERM',
          }),
        code: 0,
      })),
    ]
    let last: number | null = null
    for (const { run, code } of runs) {
      const job = run()
      expect(await job.ended()).toEqual({ code, signal: null })
      expect(job.of('job.stopped')).toHaveLength(1)
      expect([...job.of('job.restarting'), ...job.of('checkpoint.failed')]).toEqual([])
      expect(job.survivors()).toEqual([])
      expect(job.of('job.restored')).toMatchObject([{ checkpoint: last }])
      last = job.of('checkpoint.completed').at(-1)!.id
      expect(job.of('job.stopped')[0]?.checkpoint).toBe(last)
    }
    const end = ledger.run()
    ledger.openGate()
    expect((await end.ended()).code).toBe(0)
    expect(end.of('job.restored')).toMatchObject([{ checkpoint: last }])
    await ledger.expectExact()
  })
})
