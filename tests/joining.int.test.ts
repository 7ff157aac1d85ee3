// Joins and asynchronous calls over worker processes, one of which is killed with -9, then over more tasks.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CheckpointView } from '../actors/inspect.ts'
import { systemFiles } from '../core/system/files.ts'
import { fileStore } from '../index.ts'
import { readJsonlFolder } from '../scenarios/harness/jsonl.ts'
import { fixture, millrace, temporaryFolder } from './harness/ledger.ts'

interface Row {
  readonly id: number
  readonly atMs: number
}

const rows = (count: number, everyMs: number): Row[] =>
  Array.from({ length: count }, (_, id) => ({ id, atMs: id * everyMs }))

const [orders, rates] = [rows(400, 10), rows(160, 25)]
const sameKey = (a: Row, b: Row): boolean => a.id % 7 === b.id % 7

const pairs = (fits: (order: Row, rate: Row) => boolean): string[] =>
  orders.flatMap((order) =>
    rates.filter((rate) => sameKey(order, rate) && fits(order, rate)).map((rate) => `${order.id} ${rate.id}`),
  )

const expected = {
  windows: pairs((a, b) => Math.floor(a.atMs / 200) === Math.floor(b.atMs / 200)),
  intervals: pairs((a, b) => b.atMs >= a.atMs - 60 && b.atMs <= a.atMs + 90),
  versions: orders.map((order) => {
    const rate = rates.findLast((each) => sameKey(order, each) && each.atMs <= order.atMs)
    return `${order.id} ${rate?.id ?? '-'}`
  }),
  calls: orders.map(({ id }) => id),
}

it('joins and calls under way: a worker killed with -9, then more tasks from a stop, exact', async () => {
  const folder = temporaryFolder()
  const [store, out, gate] = ['store', 'out', 'gate'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const start = (parallelism: number) =>
    millrace(
      ['run', fixture('joining.ts'), '--workers', '2', '--nats', 'embedded', '--checkpoints', store].concat([
        '--every',
        '100',
        '--parallelism',
        String(parallelism),
        '--json',
      ]),
      { OUT: out, GATE: gate, TMPDIR: folder },
    )

  const first = start(2)
  await first.next('checkpoint.completed', 2)
  const restored = first.next('job.restored')
  process.kill(first.workers[1]!.pid, 'SIGKILL')
  await restored
  await first.next('checkpoint.completed', 2)
  first.signal('SIGTERM')
  await first.ended()
  const [stopped] = first.of('job.stopped')
  const view = await CheckpointView.open(await fileStore(store).open(systemFiles), stopped?.checkpoint ?? 0)
  const underWay = (await view.values('call')).flatMap(
    ({ value }) => (value as { lanes?: unknown[] }).lanes ?? [],
  )
  expect(underWay.length).toBeGreaterThan(0)

  const second = start(3)
  await second.next('checkpoint.completed')
  expect(second.of('job.restored')[0]?.checkpoint).toBe(stopped?.checkpoint)
  writeFileSync(gate, '')
  expect((await second.ended()).code).toBe(0)
  const found = Object.fromEntries(
    await Promise.all(
      Object.keys(expected).map(async (name) => [
        name,
        (await readJsonlFolder<unknown>(join(out, name))).sort(),
      ]),
    ),
  ) as Record<string, unknown[]>
  for (const [name, wanted] of Object.entries(expected))
    expect([name, found[name]]).toEqual([name, [...wanted].sort()])
})
