import { expect, it } from 'vitest'
import { flow } from './flow.ts'
import { collect } from './sinks/index.ts'
import { fromArray, fromGenerator } from './sources/index.ts'
import type { SourceDefinition } from './source.ts'
import { flowWarnings } from './warnings.ts'

const bounded = fromArray([1])
const counted = fromGenerator({ count: 9, at: (n) => n })
const endless = fromGenerator({ count: Infinity, at: (n) => n })
const { bounded: _, ...unsaid } = counted

it.each<[string, SourceDefinition<number>, SourceDefinition<number>, readonly string[]]>([
  ['bounded', bounded, counted, []],
  ['one of them endless', bounded, endless, ['sum']],
  ['one that does not say', unsaid, counted, ['sum']],
])('STATE_UNBOUNDED: not where all input ends: %s', (_, first, second, warned) => {
  const made = flow('f')
  made
    .source('first', first)
    .union('both', made.source('second', second))
    .keyBy('by-key', (n) => n)
    .reduce('sum', (a, b) => a + b)
    .sink('out', collect())
  expect(flowWarnings(made.graph()).map(({ step }) => step)).toEqual(warned)
})
