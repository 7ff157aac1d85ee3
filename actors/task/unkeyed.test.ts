import { describe, expect, it } from 'vitest'
import { groupRange } from '../../core/keys/index.ts'
import { stepName } from '../../core/ids.ts'
import type { UnkeyedSection } from '../../operators/operator.ts'
import type { OperatorNode } from './chain.ts'
import { TaskStepClock } from './step-clock.ts'
import { restoreUnkeyed, unkeyedSections, type UnkeyedSource } from './unkeyed.ts'

/** A step's share of one task, with one own value, and what it is given back. */
function nodeOf(value?: unknown, dropped = 0, kind: 'list' | 'lanes' = 'list') {
  const given: unknown[] = []
  const own: UnkeyedSection[] = value === undefined ? [] : [{ scope: { kind }, value }]
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
      restoreUnkeyed(node, [...sections].reverse(), {
        index,
        of,
        splits: undefined,
        groups: groupRange(index, of, 16),
      })
      return given.sort()
    })
    expect(restored).toEqual(expected)
  })

  it.each([1, 2, 3, 5])('items go with their key group, and keep their order, at parallelism %i', (of) => {
    const items = (task: number) =>
      Array.from({ length: 40 }, (_, i) => [task * 4 + (i % 4), `${task}-${i}`] as const)
    const sections = written([0, 1, 2, 3].map((task) => nodeOf(items(task), 0, 'lanes')))
    const given = Array.from({ length: of }, (_, index) => {
      const { node, given } = nodeOf()
      restoreUnkeyed(node, sections, { index, of, splits: undefined, groups: groupRange(index, of, 16) })
      return given.flat() as ReturnType<typeof items>
    })
    given.forEach((mine, index) => {
      const { from, to } = groupRange(index, of, 16)
      expect(mine.every(([group]) => group >= from && group < to)).toBe(true)
    })
    const inGroup = (list: ReturnType<typeof items>, group: number) => list.filter(([of]) => of === group)
    const all = [0, 1, 2, 3].flatMap(items)
    for (let group = 0; group < 16; group += 1)
      expect(inGroup(given.flat(), group)).toEqual(inGroup(all, group))
  })

  it('items go with their split where its source is in the task, and to one task where no task reads it', () => {
    const items = ['a', 'b', 'a', 'c'].map((split, i) => [split, i])
    const sections = written([nodeOf(items, 0, 'lanes')])
    const given = (...splits: readonly (readonly string[] | undefined)[]) =>
      splits.map((mine, index) => {
        const { node, given } = nodeOf()
        const groups = groupRange(index, splits.length, 16)
        const all = splits.flatMap((each) => each ?? [])
        restoreUnkeyed(node, sections, { index, of: splits.length, splits: mine && { mine, all }, groups })
        return given.flat().map((item) => (item as [string, number])[1])
      })
    expect(given(['b'], ['a', 'c'])).toEqual([[1], [0, 2, 3]])
    expect(given(undefined, undefined)).toEqual([[0, 1, 2, 3], []])
    expect(given(['c'], ['d'], ['a'])).toEqual([[1, 3], [], [0, 2]])
  })

  it.each([1, 2, 3, 5])('late records that were given up are counted once each at parallelism %i', (of) => {
    const sections = written([nodeOf(undefined, 5), nodeOf('x', 0), nodeOf(undefined, 7)])
    const counts = Array.from({ length: of }, (_, index) => {
      const { node } = nodeOf()
      restoreUnkeyed(node, sections, { index, of, splits: undefined, groups: groupRange(index, of, 16) })
      return node.late.dropped
    })
    expect(counts.reduce((a, b) => a + b, 0)).toBe(12)
  })
})
