import { describe, expect, it } from 'vitest'
import { collect, flow, fromArray, fromGenerator, memoryStore, operator, cell, run } from '../index.ts'

describe('run, in this process', () => {
  it('runs the hello flow', async () => {
    const out = collect<string>()
    const hello = flow('hello')
    hello
      .source('names', fromArray(['ada', 'grace']))
      .map('greet', (name) => `hello, ${name}`)
      .sink('out', out)
    const job = await run(hello)
    const result = await job.finished
    expect(out.values).toEqual(['hello, ada', 'hello, grace'])
    expect(result).toMatchObject({ records: 2, restarts: 0, ended: true })
  })

  it.each([1, 3])(
    'counts by key at parallelism %i, also after a crash in an operator',
    async (parallelism) => {
      const out = collect<{ key: string; count: number }>()
      let throwsLeft = 2
      const counting = flow('counting')
      counting
        .source('numbers', fromGenerator({ count: 20_000, at: (i) => ({ id: i, key: `k${i % 100}` }) }))
        .map('pass', (r) => {
          if (throwsLeft > 0 && r.id === 15_000) {
            throwsLeft -= 1
            throw new Error(`crash ${throwsLeft}`)
          }
          return r
        })
        .keyBy('by-key', (r) => r.key)
        .process(
          'count',
          operator<string, { id: number; key: string }, { key: string; count: number }>()({
            state: { count: cell(() => 0) },
            onRecord(ctx) {
              ctx.state.count.set(ctx.state.count.get() + 1)
            },
            onEnd(ctx) {
              ctx.emit({ key: ctx.key, count: ctx.state.count.get() })
            },
          }),
        )
        .sink('out', out)
      throwsLeft = 1
      const job = await run(counting, { parallelism, checkpoints: { everyMs: 5, store: memoryStore() } })
      const result = await job.finished
      expect(result.restarts).toBe(1)
      expect(out.values).toHaveLength(100)
      expect(new Set(out.values.map((row) => row.count))).toEqual(new Set([200]))
    },
  )

  it('reads an asynchronous generator to its end', async () => {
    const count = 5000
    const out = collect<number>()
    const long = flow('long')
    long
      .source(
        'numbers',
        fromGenerator({
          async *open(position: number | null) {
            for (let n = position ?? 0; n < count; n += 1) yield { value: n, position: n + 1 }
          },
        }),
      )
      .sink('out', out)
    await (
      await run(long)
    ).finished
    expect(out.values).toEqual(Array.from({ length: count }, (_, n) => n))
  })
})
