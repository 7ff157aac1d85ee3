import { describe, expect, it } from 'vitest'
import { stepName } from '../../core/ids.ts'
import type { UnkeyedSection } from '../../operators/operator.ts'
import type { OperatorNode } from './chain.ts'
import { TaskStepClock } from './step-clock.ts'
import { restoreUnkeyed, unkeyedSections, type UnkeyedSource } from './unkeyed.ts'

/** A step's share of one task, with one own value, and what it is given back. */
function nodeOf(value?: unknown, dropped = 0) {
  const given: unknown[] = []
  const own: UnkeyedSection[] = value === undefined ? [] : [{ scope: { kind: 'list' }, value }]
  const node: OperatorNode = {
    name: stepName('s'),
    step: { definition: {} } as never,
    instance: {
      onRecord: () => undefined,
      unkeyed: {
        snapshot: () => own,
        restore: (sections) => void given.push(...sections.map((section) => section.value)),
      },
    },
    state: undefined,
    clock: new TaskStepClock(() => 0, undefined),
    timed: false,
    late: { dropped },
    follows: undefined,
  }
  return { node, given }
}

const written = (tasks: readonly ReturnType<typeof nodeOf>[]): UnkeyedSource[] =>
  tasks.flatMap(({ node }, index) =>
    unkeyedSections(node, index).map(({ scope, chunks }) => ({
      scope,
      bytes: new Uint8Array(Buffer.concat(chunks)),
    })),
  )

describe('unkeyed state', () => {
  it.each([
    [4, [['a'], ['b'], ['c'], ['d']]],
    [
      2,
      [
        ['a', 'c'],
        ['b', 'd'],
      ],
    ],
    [1, [['a', 'b', 'c', 'd']]],
    [6, [['a'], ['b'], ['c'], ['d'], [], []]],
  ])('list sections go to the task that they belong to, each to one, at parallelism %i', (of, expected) => {
    const sections = written(['a', 'b', 'c', 'd'].map((value) => nodeOf(value)))
    const restored = Array.from({ length: of }, (_, index) => {
      const { node, given } = nodeOf()
      // Whatever comes before them in the list: which one it is does not say whose it is.
      restoreUnkeyed(node, [...sections].reverse(), { index, of, splits: undefined })
      return given.sort()
    })
    expect(restored).toEqual(expected)
  })

  it.each([1, 2, 3, 5])('late records that were given up are counted once each at parallelism %i', (of) => {
    const sections = written([nodeOf(undefined, 5), nodeOf('x', 0), nodeOf(undefined, 7)])
    const counts = Array.from({ length: of }, (_, index) => {
      const { node } = nodeOf()
      restoreUnkeyed(node, sections, { index, of, splits: undefined })
      return node.late.dropped
    })
    expect(counts.reduce((a, b) => a + b, 0)).toBe(12)
  })
})
