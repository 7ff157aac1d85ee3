import { describe, expect, it } from 'vitest'
import { collect, count, flow, fromGenerator, memoryStore, run, tumbling, type Flow } from '../index.ts'

interface Event {
  readonly id: number
  readonly atMs: number
}

/** Each fourth record is far behind the others. */
const event = (id: number): Event => ({ id, atMs: id * 10 - (id % 4 === 3 ? 1_000_000 : 0) })

function counting(
  total: number,
  seen: (event: Event) => void = () => undefined,
  out = collect<{ readonly value: number }>(),
) {
  const made = flow('late')
  const counts = made
    .source('events', fromGenerator({ count: total, splits: 3, share: 'interleaved', at: event }))
    .eventTime('time', { atMs: ({ atMs }) => atMs, latenessMaxMs: 5_000 })
    .map('seen', (record) => {
      seen(record)
      return record
    })
    .keyBy('by-digit', ({ id }) => id % 10)
    .window('second', tumbling({ sizeMs: 1_000 }))
    .aggregate('count', count())
  counts.sink('out', out)
  const shown = (): number => out.values.reduce((sum, { value }) => sum + value, 0)
  return { made, counts, shown, out }
}

const fastCheckpoints = () => ({ everyMs: 5, store: memoryStore() })

async function toldBy(made: Flow): Promise<unknown> {
  const job = await run(made)
  let finished: unknown
  for await (const each of job.events) if (each.event === 'job.finished') finished = each.lateDropped
  return finished
}

describe('late records that nobody wants', () => {
  it('are counted by step, once each: over a restart, what is shown and what was given up is everything', async () => {
    let failed = false
    const { made, shown } = counting(60_000, ({ id }) => {
      if (failed || id < 40_000) return
      failed = true
      throw new Error('once')
    })
    const job = await run(made, { parallelism: 2, checkpoints: fastCheckpoints() })
    const { lateDropped, restarts } = await job.finished
    expect(restarts).toBe(1)
    expect(Object.keys(lateDropped)).toEqual(['count'])
    expect(lateDropped.count).toBeGreaterThan(5_000)
    expect(shown() + (lateDropped.count ?? 0)).toBe(60_000)
  })

  it.each([1, 3])(
    'go on from a savepoint at parallelism 2 to %i, and what is shown is exact',
    async (parallelism) => {
      const total = 300_000
      const checkpoints = fastCheckpoints()
      const first = counting(total)
      const job = await run(first.made, { parallelism: 2, checkpoints })
      for await (const each of job.events) if (each.event === 'checkpoint.completed') break
      const stopped = await job.stop({ savepoint: true })
      expect(stopped.ended).toBe(false)
      const second = counting(total, undefined, first.out)
      const { lateDropped } = await (await run(second.made, { parallelism, checkpoints })).finished
      expect(lateDropped.count).toBeGreaterThan(stopped.lateDropped.count ?? 0)
      expect(second.shown() + (lateDropped.count ?? 0)).toBe(total)
    },
  )

  it('are in the status while the job runs, and at its end as in the result', async () => {
    const { made } = counting(200_000)
    const job = await run(made, { parallelism: 2, checkpoints: fastCheckpoints() })
    const told: number[] = []
    for await (const _ of job.events) told.push(job.status().lateDropped.count ?? 0)
    const { records, lateDropped } = await job.finished
    expect(job.status()).toMatchObject({ records, lateDropped })
    expect(told.filter((count) => count > 0 && count < (lateDropped.count ?? 0)).length).toBeGreaterThan(0)
    expect(told).toEqual([...told].sort((a, b) => a - b))
  })

  it('are still known when the job is stopped before it was restored', async () => {
    let [failing, opened] = [false, 0]
    let refuse = (_: Error): void => undefined
    const out = collect<{ readonly value: number }>()
    const open: typeof out.open = async (context) => {
      opened += 1
      return opened === 1 ? out.open(context) : new Promise((_, reject) => (refuse = reject))
    }
    const { made } = counting(
      100_000_000,
      () => {
        if (failing) throw new Error('once')
      },
      Object.assign(Object.create(out) as typeof out, { open }),
    )
    const job = await run(made, { checkpoints: fastCheckpoints() })
    let before = job.status()
    let stopped: ReturnType<typeof job.stop> | undefined
    for await (const { event } of job.events) {
      if (event === 'checkpoint.completed' && (job.status().lateDropped.count ?? 0) > 0) failing = true
      if (event === 'job.restarting') {
        before = job.status()
        stopped = job.stop()
        while (opened === 1) await new Promise((turn) => setImmediate(turn))
        refuse(new Error('unreachable'))
      }
    }
    const { records, lateDropped } = (await stopped) ?? {}
    expect(lateDropped?.count).toBeGreaterThan(0)
    expect(before).toMatchObject({ records, lateDropped })
  })

  it('are told with job.finished; there are none where .late is continued', async () => {
    const silent = counting(9_000)
    const told = await toldBy(silent.made)
    expect(told).toEqual({ count: 9_000 - silent.shown() })
    const heard = counting(9_000)
    const late = collect<unknown>()
    heard.counts.late.sink('late', late)
    expect(await toldBy(heard.made)).toEqual({})
    expect(heard.shown() + late.values.length).toBe(9_000)
  })
})
