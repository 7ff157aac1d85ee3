import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { advance, named, type Attempt, type Automaton, type SkipStrategy } from './attempts.ts'
import { pattern } from './pattern.ts'

interface Item {
  readonly letter: string
  readonly atMs: number
}

const is =
  (letter: string) =>
  (item: Item): boolean =>
    item.letter === letter

function run(automaton: Automaton, items: readonly Item[]): Item[][] {
  let attempts: Attempt[] = []
  const found: Item[][] = []
  for (const item of items) {
    const step = advance(automaton, attempts, item, item.atMs)
    attempts = step.attempts
    found.push(...(step.matches as Item[][]))
  }
  return found
}

/** One match a beginning: the way that takes the next fitting record at each stage. */
function matchFrom(
  { stages, withinMs }: Automaton,
  items: readonly Item[],
  start: number,
): number[] | undefined {
  const way: number[] = []
  for (let at = start; at < items.length; at += 1) {
    const item = items[at] as Item
    if (item.atMs - (items[start] as Item).atMs > withinMs) return undefined
    const stage = stages[way.length]
    if (!stage) break
    const earlier = named(
      stages,
      way.map((i) => items[i]),
    )
    if (stage.where(item as never, earlier as never)) way.push(at)
    else if (way.length === 0 || stage.strict) return undefined
    if (way.length === stages.length) return way
  }
  return undefined
}

function naive(automaton: Automaton, items: readonly Item[]): Item[][] {
  const ways: number[][] = []
  for (let from = 0; from < items.length;) {
    const next = [...items.keys()]
      .slice(from)
      .flatMap((start) => {
        const way = matchFrom(automaton, items, start)
        return way ? [way] : []
      })
      .sort((a, b) => (a.at(-1) ?? 0) - (b.at(-1) ?? 0) || (a[0] ?? 0) - (b[0] ?? 0))
    if (automaton.skip === 'none') {
      ways.push(...next)
      break
    }
    const [first] = next
    if (!first) break
    ways.push(first)
    from = (first.at(-1) ?? 0) + 1
  }
  return ways.map((way) => way.map((i) => items[i] as Item))
}

const letters = (text: string): Item[] => [...text].map((letter, atMs) => ({ letter, atMs }))
const text = (matches: readonly Item[][]): string[] =>
  matches.map((match) => match.map(({ letter, atMs }) => `${letter}${atMs}`).join(' '))

const ab = pattern<Item>().begin('a', is('a'))

describe('the attempts at a pattern', () => {
  it('next wants the very next record, followedBy any later one', () => {
    const strict = { ...ab.next('b', is('b')), skip: 'none' as const }
    const relaxed = { ...ab.followedBy('b', is('b')), skip: 'none' as const }
    expect(text(run(strict, letters('acbab')))).toEqual(['a3 b4'])
    expect(text(run(relaxed, letters('acbab')))).toEqual(['a0 b2', 'a3 b4'])
  })

  it('overlap, unless a match ends all attempts', () => {
    const { stages, withinMs } = ab.followedBy('b', is('b'))
    expect(text(run({ stages, withinMs, skip: 'none' }, letters('aab')))).toEqual(['a0 b2', 'a1 b2'])
    expect(text(run({ stages, withinMs, skip: 'past-last' }, letters('aabab')))).toEqual(['a0 b2', 'a3 b4'])
  })

  it('end when the time is over, counted from the first record', () => {
    const { stages, withinMs } = ab.followedBy('b', is('b')).within(2)
    expect(text(run({ stages, withinMs, skip: 'none' }, letters('accb')))).toEqual([])
    expect(text(run({ stages, withinMs, skip: 'none' }, letters('acb')))).toEqual(['a0 b2'])
  })

  it('conditions see the records of earlier stages', () => {
    const rising = pattern<Item>()
      .begin('low', () => true)
      .next('high', (item, { low }) => item.letter > low.letter)
    const found = run({ stages: rising.stages, withinMs: Infinity, skip: 'none' }, letters('abac'))
    expect(text(found)).toEqual(['a0 b1', 'a2 c3'])
  })

  it('of one stage match each record that fits', () => {
    expect(text(run({ ...ab, skip: 'none' }, letters('aba')))).toEqual(['a0', 'a2'])
  })

  it.each<SkipStrategy>(['none', 'past-last'])('agree with trying every beginning (skip %s)', (skip) => {
    const stage = fc.record({ letter: fc.constantFrom('a', 'b', 'c'), strict: fc.boolean() })
    fc.assert(
      fc.property(
        fc.array(stage, { minLength: 1, maxLength: 4 }),
        fc.array(fc.record({ letter: fc.constantFrom('a', 'b', 'c'), gap: fc.nat(3) }), { maxLength: 14 }),
        fc.option(fc.integer({ min: 1, max: 10 })),
        (given, gaps, within) => {
          let atMs = 0
          const items = gaps.map(({ letter, gap }) => ({ letter, atMs: (atMs += gap) }))
          const stages = given.map(({ letter, strict }, i) => ({
            name: `s${i}`,
            where: is(letter),
            strict: i > 0 && strict,
          }))
          const automaton = { stages, withinMs: within ?? Infinity, skip }
          expect(text(run(automaton, items)).sort()).toEqual(text(naive(automaton, items)).sort())
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('a pattern', () => {
  it.each<[string, () => unknown]>([
    ['a name that is taken', () => ab.next('a', is('b'))],
    ['an empty name', () => ab.next('', is('b'))],
    ['no condition', () => ab.next('b', 7 as never)],
    ['a time that is none', () => ab.within(0)],
    ['a time that is no whole number', () => ab.within(Infinity)],
    [
      'too many stages',
      () => Array.from({ length: 32 }).reduce<typeof ab>((longer, _, i) => longer.next(`x${i}`, is('b')), ab),
    ],
  ])('is refused %s', (_, build) => {
    expect(build).toThrowError(expect.objectContaining({ code: 'PATTERN_ILLEGAL' }))
  })
})
