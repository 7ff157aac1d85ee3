import { describe, expect, expectTypeOf, it } from 'vitest'
import { ConfigError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { flow, isFlow, type Flow } from './flow.ts'
import type { SinkDefinition } from './sink.ts'
import { collect } from './sinks/index.ts'
import type { DeadLetter, SourceDefinition } from './source.ts'
import { fromArray } from './sources/index.ts'
import { cell, listCell, mapCell, type Cell, type ListCell, type MapCell } from './state/schema.ts'
import { operator } from './steps/process.ts'
import type { KeyedStream } from './keyed-stream.ts'
import type { OperatorStream, SourceStream, Stream } from './stream.ts'

const codeOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    if (error instanceof ConfigError) return error.code
    throw error
  }
  return 'none'
}

const numbers = fromArray([1, 2, 3])
const started = (): { made: Flow; source: SourceStream<number> } => {
  const made = flow('f')
  return { made, source: made.source('in', numbers) }
}

describe('a flow', () => {
  it('becomes a frozen graph of named steps and edges', () => {
    const { made, source } = started()
    const mapped = source.map('double', (n) => n * 2, { parallelism: 3 })
    mapped.sink('out', collect())
    mapped
      .rebalance()
      .keyBy('by-parity', (n) => n % 2)
      .reduce('sum', (a, b) => a + b)
      .broadcast()
      .sink('sums', collect())
    const graph = made.graph()
    expect([...graph.steps.values()].map(({ kind, name, parallelism }) => [kind, name, parallelism])).toEqual(
      [
        ['source', 'in', undefined],
        ['operator', 'double', 3],
        ['sink', 'out', undefined],
        ['operator', 'by-parity', undefined],
        ['operator', 'sum', undefined],
        ['sink', 'sums', undefined],
      ],
    )
    expect(graph.edges.map(({ from, to, partition }) => `${from} ${partition.kind} ${to}`)).toEqual([
      'in forward double',
      'double forward out',
      'double round-robin by-parity',
      'by-parity hash sum',
      'sum broadcast sums',
    ])
    expect(made.graph()).toBe(graph)
    expect(codeOf(() => mapped.map('late', (n) => n))).toBe('FLOW_FROZEN')
    expect(Object.isFrozen(graph.steps.get(graph.edges[0]?.from as never))).toBe(true)
  })

  it('is known by what it can do', () => {
    expect([flow('f'), {}, null, undefined, 'flow'].map(isFlow)).toEqual([true, false, false, false, false])
  })
})

describe('what a flow refuses while it is built', () => {
  it.each<[string, string, () => unknown]>([
    ['an illegal flow name', 'NAME_ILLEGAL', () => flow('no spaces')],
    ['an illegal step name', 'NAME_ILLEGAL', () => started().source.map('a.b', (n) => n)],
    ['a name twice', 'STEP_DUPLICATE', () => started().source.map('in', (n) => n)],
    ['a source that is none', 'SOURCE_ILLEGAL', () => flow('f').source('s', [] as never)],
    ['a sink that is none', 'SINK_ILLEGAL', () => started().source.sink('s', undefined as never)],
    ['a function that is none', 'FUNCTION_MISSING', () => started().source.map('m', undefined as never)],
    ['a selector that is none', 'FUNCTION_MISSING', () => started().source.keyBy('k', 'field' as never)],
    [
      'a process that operator() did not make',
      'OPERATOR_ILLEGAL',
      () =>
        started()
          .source.keyBy('k', (n) => n)
          .process('p', (() => undefined) as never),
    ],
    ['no parallelism', 'PARALLELISM_ILLEGAL', () => started().source.map('m', (n) => n, { parallelism: 0 })],
    [
      'too much parallelism',
      'PARALLELISM_ILLEGAL',
      () => flow('f').source('s', numbers, { parallelism: limits.parallelismMax + 1 }),
    ],
    [
      'an unknown error policy',
      'OPTION_ILLEGAL',
      () => started().source.map('m', (n) => n, { onError: 'dead-letters' as never }),
    ],
    [
      'an unknown moment to emit',
      'OPTION_ILLEGAL',
      () =>
        started()
          .source.keyBy('k', (n) => n)
          .reduce('r', (a) => a, { emitOn: 'ends' as never }),
    ],
    [
      'streams of two flows in one union',
      'FLOW_FOREIGN',
      () => started().source.union('u', flow('g').source('s', numbers)),
    ],
    [
      'more steps than the limit',
      'FLOW_TOO_LARGE',
      () => {
        const { source } = started()
        for (let i = 0; i < limits.stepsMax; i += 1) source.map(`m${i}`, (n) => n)
      },
    ],
  ])('%s: %s', (_, code, act) => {
    expect(codeOf(act)).toBe(code)
  })

  it('a refused step is not added', () => {
    const { source, made } = started()
    expect(codeOf(() => source.keyBy('k', undefined as never))).toBe('FUNCTION_MISSING')
    source.sink('k', collect())
    expect(made.graph().steps.size).toBe(2)
  })
})

describe('what a flow refuses as a whole', () => {
  const withRows: SourceDefinition<number> = { ...numbers, deadLetters: true }

  it.each<[string, string, (made: Flow) => void]>([
    ['nothing', 'FLOW_NO_SOURCE', () => undefined],
    ['no sink', 'FLOW_NO_SINK', (made) => void made.source('in', numbers).map('m', (n) => n)],
    [
      'a branch that goes nowhere',
      'FLOW_DANGLING',
      (made) => {
        const source = made.source('in', numbers)
        source.sink('out', collect())
        source.map('lost', (n) => n)
      },
    ],
    [
      'a key that nothing uses',
      'FLOW_DANGLING',
      (made) => {
        const source = made.source('in', numbers)
        source.sink('out', collect())
        source.keyBy('lost', (n) => n)
      },
    ],
    [
      'dead letters that go nowhere',
      'FLOW_DEAD_LETTERS',
      (made) =>
        made
          .source('in', numbers)
          .map('m', (n) => n, { onError: 'dead-letter' })
          .sink('out', collect()),
    ],
    [
      'bad rows that go nowhere',
      'FLOW_DEAD_LETTERS',
      (made) => made.source('in', withRows).sink('out', collect()),
    ],
    [
      'dead letters that would never come',
      'FLOW_DEAD_LETTERS',
      (made) => {
        const mapped = made.source('in', numbers).map('m', (n) => n, { onError: 'skip' })
        mapped.sink('out', collect())
        mapped.deadLetters.sink('dead', collect())
      },
    ],
    [
      'only the dead letters used',
      'FLOW_DANGLING',
      (made) => made.source('in', withRows).deadLetters.sink('dead', collect()),
    ],
  ])('%s: %s', (_, code, build) => {
    const made = flow('f')
    build(made)
    expect(codeOf(() => made.graph())).toBe(code)
  })

  it('names the step and, after keyBy, the mend', () => {
    const made = flow('f')
    const source = made.source('in', numbers)
    source.sink('out', collect())
    source.keyBy('lost', (n) => n)
    expect(() => made.graph()).toThrowError(/'lost' go nowhere; aggregate it/)
  })

  it('a flow that was refused may be completed', () => {
    const { made, source } = started()
    expect(codeOf(() => made.graph())).toBe('FLOW_NO_SINK')
    source.sink('out', collect())
    expect(codeOf(() => made.graph())).toBe('none')
  })
})

describe('the types of a flow', () => {
  interface Click {
    user: string
    page: string
  }
  const clicks = (): SourceStream<Click> => flow('f').source('clicks', fromArray<Click>([]))

  it('follow each step', () => {
    const source = clicks()
    expectTypeOf(source.map('m', (c) => c.page.length)).toEqualTypeOf<OperatorStream<number>>()
    expectTypeOf(source.filter('f', (c) => c.page === '')).toEqualTypeOf<OperatorStream<Click>>()
    expectTypeOf(source.flatMap('fm', (c) => [c.user, 1])).toEqualTypeOf<OperatorStream<string | number>>()
    expectTypeOf(source.deadLetters).toEqualTypeOf<Stream<DeadLetter>>()
    const keyed = source.keyBy('k', (c) => [c.user, c.page] as const)
    expectTypeOf(keyed).toEqualTypeOf<KeyedStream<readonly [string, string], Click>>()
    expectTypeOf(keyed.reduce('r', (a) => a)).toEqualTypeOf<OperatorStream<Click>>()
    const counted = keyed.aggregate('a', { init: () => 0, add: (n) => n + 1, result: (n) => `${n}` })
    expectTypeOf(counted).toEqualTypeOf<OperatorStream<string>>()
    expectTypeOf(keyed.aggregate('b', { init: () => 0, add: (n) => n + 1 })).toEqualTypeOf<
      OperatorStream<number>
    >()
  })

  it('a filter that narrows narrows the stream', () => {
    const mixed = flow('f').source('s', fromArray<string | number>([]))
    const strings = mixed.filter('f', (value): value is string => typeof value === 'string')
    expectTypeOf(strings).toEqualTypeOf<OperatorStream<string>>()
  })

  it('operator infers its cells and checks key, record and result', () => {
    const declared = operator<string, Click, { user: string; clicks: number }>()({
      state: {
        clicks: cell(() => 0),
        last: cell<string>(),
        pages: mapCell<string, number>(),
        log: listCell<Click>(),
      },
      onRecord(ctx, click) {
        expectTypeOf(click).toEqualTypeOf<Click>()
        expectTypeOf(ctx.key).toEqualTypeOf<string>()
        expectTypeOf(ctx.state.clicks).toEqualTypeOf<Cell<number>>()
        expectTypeOf(ctx.state.last).toEqualTypeOf<Cell<string | undefined>>()
        expectTypeOf(ctx.state.pages).toEqualTypeOf<MapCell<string, number>>()
        expectTypeOf(ctx.state.log).toEqualTypeOf<ListCell<Click>>()
        expectTypeOf(ctx.emit).parameter(0).toEqualTypeOf<{ user: string; clicks: number }>()
      },
    })
    const byUser = clicks().keyBy('k', (c) => c.user)
    expectTypeOf(byUser.process('p', declared)).toEqualTypeOf<
      OperatorStream<{ user: string; clicks: number }>
    >()
    type Declared = Parameters<KeyedStream<number, Click>['process']>[1]
    expectTypeOf(declared).not.toExtend<Declared>()
  })

  it('a sink takes what the stream has', () => {
    expectTypeOf(clicks().sink).parameter(1).toEqualTypeOf<SinkDefinition<Click>>()
    expectTypeOf<SinkDefinition<number>>().not.toExtend<SinkDefinition<Click>>()
  })
})
