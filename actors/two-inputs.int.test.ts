import { describe, expect, it } from 'vitest'
import { flow } from '../operators/flow.ts'
import { sideOutput } from '../operators/side-output.ts'
import { collect } from '../operators/sinks/index.ts'
import { fromArray } from '../operators/sources/index.ts'
import { cell, listCell } from '../operators/state/schema.ts'
import { coOperator } from '../operators/steps/co-process.ts'
import { operator } from '../operators/steps/process.ts'
import { run } from './run.ts'

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

const pairing = coOperator<number, number, number, readonly [number, number]>()({
  state: { left: listCell<number>(), right: listCell<number>() },
  onLeft(ctx, n) {
    for (const other of ctx.state.right.values()) ctx.emit([n, other])
    ctx.state.left.append(n)
  },
  onRight(ctx, n) {
    for (const other of ctx.state.left.values()) ctx.emit([other, n])
    ctx.state.right.append(n)
  },
})

/** Every pair of equal keys, as text, in order. */
const pairs = (left: readonly number[], right: readonly number[], keyOf: (n: number) => number): string[] =>
  left.flatMap((a) => right.filter((b) => keyOf(a) === keyOf(b)).map((b) => `${a},${b}`)).sort()

describe.each([1, 3])('two inputs in whole jobs, parallelism %i', (parallelism) => {
  it('meet by key, whatever their own selectors and parallelism', async () => {
    const made = flow('pairs')
    const left = made.source('left', fromArray(range(40))).keyBy('lk', (n) => n % 7)
    const right = made.source('right', fromArray(range(30)), { parallelism: 1 }).keyBy('rk', (n) => n % 7)
    const out = collect<readonly [number, number]>()
    left.connect(right).process('pair', pairing).sink('out', out)
    await (
      await run(made, { parallelism })
    ).finished
    expect(out.values.map(String).sort()).toEqual(pairs(range(40), range(30), (n) => n % 7))
  })

  it('a stream joins itself, on one step in front of both inputs', async () => {
    const made = flow('self')
    const keyed = made.source('in', fromArray(range(25))).keyBy('k', (n) => n % 5)
    const out = collect<readonly [number, number]>()
    keyed.connect(keyed).process('pair', pairing).sink('out', out)
    await (
      await run(made, { parallelism })
    ).finished
    expect(out.values.map(String).sort()).toEqual(pairs(range(25), range(25), (n) => n % 5))
  })

  it('side outputs leave a fused chain and a task of its own alike', async () => {
    const big = sideOutput<number>('big')
    const made = flow('sides')
    const sorting = operator<number, number, number>()({
      state: { n: cell(() => 0) },
      outputs: [big],
      onRecord: (ctx, n) => (n >= 20 ? ctx.emitTo(big, n) : ctx.emit(n)),
    })
    const sorted = made
      .source('in', fromArray(range(30)))
      .keyBy('k', (n) => n % 5)
      .process('sort', sorting)
    const [small, direct, spread] = [collect<number>(), collect<number>(), collect<number>()]
    sorted.sink('small', small)
    sorted.sideOutput(big).sink('direct', direct)
    sorted
      .sideOutput(big)
      .rebalance()
      .map('m', (n) => -n)
      .sink('spread', spread)
    await (
      await run(made, { parallelism })
    ).finished
    const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b)
    expect(ascending(small.values)).toEqual(range(20))
    expect(ascending(direct.values)).toEqual(range(30).slice(20))
    expect(ascending(spread.values.map((n) => -n))).toEqual(range(30).slice(20))
  })
})
