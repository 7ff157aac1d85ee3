import { describe, expect, expectTypeOf, it } from 'vitest'
import { fingerprint } from './fingerprint.ts'
import { flow } from './flow.ts'
import { edgesFrom } from './graph.ts'
import { sideOutput } from './side-output.ts'
import { collect } from './sinks/index.ts'
import { fromArray } from './sources/index.ts'
import { operator, processOperator, type ProcessOperator } from './steps/process.ts'
import { openKeyed } from './steps/testing/keyed.ts'
import { guardedInstance } from './steps/poison.ts'
import type { Stream } from './stream.ts'

const big = sideOutput<number>('big')
const odd = sideOutput<string>('odd')

const sorting = operator<number, number, number>()({
  state: {},
  outputs: [big, odd],
  onRecord(ctx, n) {
    if (n % 2 === 1) ctx.emitTo(odd, `odd ${n}`)
    if (n >= 100) ctx.emitTo(big, n)
    else ctx.emit(n)
    if (n === 13) throw new Error('unlucky')
  },
})

const define = (onError: 'fail' | 'skip') =>
  processOperator(sorting as ProcessOperator<never, never, unknown>, (n: number) => n % 2, {
    onError,
    timed: false,
  })

const sorted = () => {
  const made = flow('f')
  const results = made
    .source('in', fromArray([1, 2, 100]))
    .keyBy('k', (n) => n % 2)
    .process('sort', sorting)
  return { made, results }
}

describe('side outputs', () => {
  it('are streams of their own, with the type of what is emitted there', () => {
    const { made, results } = sorted()
    expectTypeOf(results.sideOutput(odd)).toExtend<Stream<string>>()
    results.sink('small', collect())
    results.sideOutput(big).sink('big-ones', collect())
    results.sideOutput(odd).sink('odd-ones', collect())
    const graph = made.graph()
    const outputs = edgesFrom(graph, [...graph.steps.keys()][2] ?? ('sort' as never)).map(
      ({ output }) => output,
    )
    expect(outputs).toEqual(['main', 'big', 'odd'])
  })

  it('take only what they declare, at compile time', () => {
    operator<number, number, number>()({
      state: {},
      outputs: [big],
      onRecord(ctx, n) {
        // @ts-expect-error 'big' carries numbers
        ctx.emitTo(big, `${n}`)
      },
    })
  })

  it('are refused where the step does not declare them, or where they go nowhere', () => {
    const { made, results } = sorted()
    results.sink('small', collect())
    results.sideOutput(big).sink('big-ones', collect())
    expect(() => results.sideOutput(sideOutput('other'))).toThrowError(
      expect.objectContaining({ code: 'OUTPUT_UNKNOWN', message: expect.stringContaining("'sort'") }),
    )
    expect(() => made.graph()).toThrowError(
      expect.objectContaining({ code: 'FLOW_DANGLING', message: expect.stringContaining("'odd'") }),
    )
  })

  it.each(['main', 'dead-letters', 'late', '', 'a b', '1'])('cannot be named %j', (name) => {
    expect(() => sideOutput(name)).toThrowError(expect.objectContaining({ code: 'NAME_ILLEGAL' }))
  })

  it('are part of the fingerprint: their edges are the flow’s', () => {
    const build = (toBig: boolean): string => {
      const { made, results } = sorted()
      results.sink('small', collect())
      results.sideOutput(big).sink(toBig ? 'x' : 'y', collect())
      results.sideOutput(odd).sink(toBig ? 'y' : 'x', collect())
      return fingerprint(made.graph())
    }
    expect(build(true)).toBe(build(true))
    expect(build(true)).not.toBe(build(false))
  })

  it('P1: what a record that throws emitted is undone, to every output; order holds across them', () => {
    const out: unknown[] = []
    const { instance } = openKeyed(define('skip'), (definition, context) =>
      guardedInstance(definition, {
        context: {
          ...context,
          emit: (record) => void out.push(record),
          emitTo: (output, record) => void out.push([output, record]),
        },
        skipped: () => void out.push('skipped'),
      }),
    )
    for (const n of [1, 13, 101, 2]) instance.onRecord(n)
    expect(out).toEqual([['odd', 'odd 1'], 1, 'skipped', ['odd', 'odd 101'], ['big', 101], 2])
  })

  it('an output that the operator does not declare is a fatal error, under every policy', () => {
    const undeclared = operator<number, number, number>()({
      state: {},
      onRecord: (ctx, n) => ctx.emitTo(big, n),
    })
    for (const onError of ['fail', 'skip'] as const) {
      const definition = processOperator(undeclared as ProcessOperator<never, never, unknown>, () => 1, {
        onError,
        timed: false,
      })
      const { instance } = openKeyed(definition, (given, context) =>
        onError === 'fail'
          ? given.create(context)
          : guardedInstance(given, { context, skipped: () => undefined }),
      )
      expect(() => instance.onRecord(1)).toThrowError(
        expect.objectContaining({ code: 'OUTPUT_UNKNOWN', retry: 'fatal' }),
      )
    }
  })
})
