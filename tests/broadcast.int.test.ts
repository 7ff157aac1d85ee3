/** Broadcast state in whole jobs: over another number of tasks, and beside event time. */
import { describe, expect, it } from 'vitest'
import { simulatedFiles, type SimulatedFiles } from '../core/simulated/files.ts'
import {
  cell,
  collect,
  count,
  fileStore,
  flow,
  fromGenerator,
  keyedBroadcastOperator,
  mapCell,
  run,
  toJsonl,
  tumbling,
  type Flow,
} from '../index.ts'
import { deferred, eventsOf, Pace, pacing, runToEnd, visibleRows } from './faults/support.ts'

const perStage = 12
const stages = 30
const keys = 10

/** A text of all texts, in the order in which they came; at the end each key says how many its task has. */
const keep = keyedBroadcastOperator<number, number, string, string>()({
  state: { came: cell<boolean>() },
  broadcast: { texts: mapCell<string, string>() },
  onRecord: (ctx) => ctx.state.came.set(true),
  onBroadcast(ctx, text) {
    ctx.emit(`text ${text}`)
    ctx.broadcast.texts.set('all', `${ctx.broadcast.texts.get('all') ?? ''} ${text}`)
  },
  onEnd: (ctx) => ctx.emit(`n ${ctx.key} ${ctx.broadcast.texts.get('all')?.split(' ').length}`),
})

/** Texts are read a stage a checkpoint; the numbers, one a key, come when the first ones are through. */
function telling(pace: Pace, operator = keep): Flow {
  const made = flow('telling')
  const staged = async function* (position: number | null, split: number) {
    for (let i = position ?? 0; i < stages * perStage; i += 1) {
      if (i % perStage === 0) await pace.until(i / perStage)
      yield { value: `${split}-${i}`, position: i + 1 }
    }
  }
  const texts = made.source('texts', fromGenerator<string, number>({ splits: 3, open: staged }))
  const numbers = made.source(
    'numbers',
    fromGenerator<number, number>({
      async *open(position) {
        await pace.until(2)
        for (let n = position ?? 0; n < keys; n += 1) yield { value: n, position: n + 1 }
      },
    }),
  )
  numbers
    .keyBy('self', (n) => n)
    .connectBroadcast('texts-to-all', texts)
    .process('keep', operator)
    .sink('out', toJsonl('/out'))
  return made
}

interface Life {
  readonly parallelism: number
  /** Stops with a savepoint after so many checkpoints; without it the job runs to its end. */
  readonly stopAfter?: number
  readonly operator?: typeof keep
}

async function live(disk: SimulatedFiles, pace: Pace, { parallelism, stopAfter, operator }: Life) {
  let completed = 0
  let stopped: Promise<unknown> | undefined
  if (stopAfter === undefined) pace.open()
  const ran = await runToEnd(
    telling(pace, operator),
    { parallelism, checkpoints: { everyMs: 2, store: fileStore('/store') }, ports: { files: disk } },
    (event, job) => {
      pacing(pace)(event)
      if (event.event !== 'checkpoint.completed') return
      completed += 1
      if (completed === stopAfter) stopped = job.stop({ savepoint: true })
    },
  )
  if (ran.error) throw ran.error
  await stopped
  return ran
}

describe('broadcast state in whole jobs', () => {
  it('BS3: with more and with fewer tasks every task has all of it, and nothing is emitted twice', async () => {
    const [disk, pace] = [simulatedFiles(), new Pace()]
    const first = await live(disk, pace, { parallelism: 2, stopAfter: 3 })
    expect(eventsOf(first, 'job.stopped')).toMatchObject([{ savepoint: true }])
    const second = await live(disk, pace, { parallelism: 5, stopAfter: 3 })
    expect(second.result?.ended).toBe(false)
    const third = await live(disk, pace, { parallelism: 3 })
    expect(third.result?.ended).toBe(true)
    const rows = (await visibleRows(disk)).map((row) => JSON.parse(row) as string)
    const texts = [0, 1, 2].flatMap((split) =>
      Array.from({ length: stages * perStage }, (_, i) => `text ${split}-${i}`),
    )
    expect(rows.filter((row) => row.startsWith('text')).sort()).toEqual(texts.sort())
    expect(rows.filter((row) => row.startsWith('n')).sort()).toEqual(
      Array.from({ length: keys }, (_, n) => `n ${n} ${3 * stages * perStage + 1}`),
    )
  })

  it('BS3: copies that differ are refused with another number of tasks', async () => {
    const [disk, pace] = [simulatedFiles(), new Pace()]
    let calls = 0
    /** Breaks the rule: what it makes of a record depends on who calls. */
    const odd = keyedBroadcastOperator<number, number, string, string>()({
      state: { came: cell<boolean>() },
      broadcast: { texts: mapCell<string, string>() },
      onRecord: () => undefined,
      onBroadcast: (ctx, text) => ctx.broadcast.texts.set(text, String((calls += 1))),
    })
    await live(disk, pace, { parallelism: 2, stopAfter: 3, operator: odd })
    await expect(live(disk, pace, { parallelism: 3, operator: odd })).rejects.toMatchObject({
      code: 'COPIES_DIFFER',
      retry: 'fatal',
    })
  })

  it.each([
    ['without event time has no say', false],
    ['that is idle holds nothing back', true],
  ])('watermarks: a broadcast side %s', async (_, timed) => {
    const made = flow('windows')
    const silent = deferred()
    const source = (name: string, values: readonly number[]) =>
      made.source(name, fromGenerator<number, number>({ open: () => thenSilence(values, silent.promise) }))
    const rules = source('rules', [])
    const numbers = source('numbers', [10, 20, 110, 210]).eventTime('time', { atMs: (n) => n })
    const op = keyedBroadcastOperator<number, number, number, number>()({
      state: {},
      broadcast: { rules: mapCell<number, number>() },
      onRecord: (ctx, n) => ctx.emit(n),
      onBroadcast: (ctx, rule) => ctx.broadcast.rules.set(rule, rule),
    })
    const keyed = numbers.keyBy('one', (): number => 1)
    const passed = timed
      ? keyed.connectBroadcast('all', rules.eventTime('rule-time', { atMs: () => 0, idleMs: 20 }))
      : keyed.connectBroadcast('all', rules)
    const out = collect<unknown>()
    passed
      .process('pass', op)
      .keyBy('again', () => 1)
      .window('w', tumbling({ sizeMs: 100 }))
      .aggregate('count', count())
      .sink('out', out)
    const job = await run(made, { parallelism: 2, checkpoints: { everyMs: 5 } })
    for await (const event of job.events)
      if (event.event === 'checkpoint.completed' && out.values.length === 2) break
    const shown = [...out.values]
    silent.resolve()
    await job.stop()
    expect(shown).toMatchObject([
      { endMs: 100, value: 2 },
      { endMs: 200, value: 1 },
    ])
  })
})

async function* thenSilence(values: readonly number[], until: Promise<void>) {
  for (const [i, value] of values.entries()) yield { value, position: i + 1 }
  await until
}
