import { describe, expect, it } from 'vitest'
import { cell, collect, flow, fromArray, operator } from '../../index.ts'
import { stepName, type StepName } from '../../core/ids.ts'
import type { OperatorNode } from './chain.ts'
import { isOfSplit, laneInto } from './lanes.ts'

const pass = operator<number, number, number>()({
  state: { seen: cell(() => 0) },
  onRecord: (ctx, record) => ctx.emit(record),
})

/** source → early → keyed → between → call → behind → late */
function graphOf() {
  const made = flow('lanes')
  made
    .source('source', fromArray([1]))
    .map('early', (n) => n)
    .keyBy('by-key', (n) => n)
    .process('keyed', pass)
    .map('between', (n) => n)
    .mapAsync('call', (n) => Promise.resolve(n))
    .map('behind', (n) => n)
    .sink('late', collect())
  made
    .source('other', fromArray([1]))
    .mapAsync('other-call', (n) => Promise.resolve(n))
    .sink('end', collect())
  return made.graph()
}

describe('lanes', () => {
  const graph = graphOf()
  const splits = { splits: ['a', 'b'], current: 1, visits: [0, 0], ended: [false, false] }
  const nodes: Record<string, unknown> = {
    keyed: { state: { currentGroup: () => 7 } },
    call: { instance: { lane: 9 } },
  }
  const laneOf = (name: string, elsewhere: readonly string[] = []) =>
    laneInto(graph, stepName(name), {
      splits,
      runsHere: (step: StepName) => !elsewhere.includes(step),
      nodeOf: (step) => nodes[step] as OperatorNode | undefined,
    })?.()

  it.each([
    ['early', 'b'],
    ['between', 7],
    ['call', 7],
    ['behind', 9],
    ['late', 9],
    ['other-call', 'b'],
  ])('of %s: what comes before it last says which, a call that of the record that left', (name, lane) => {
    expect(laneOf(name)).toBe(lane)
  })

  it('nobody can tell of what comes from another task', () => {
    expect(laneOf('call', ['keyed'])).toBeUndefined()
    expect(laneOf('call', ['between'])).toBeUndefined()
  })

  it('records are of the split in hand until a key or a call comes between', () => {
    const names = ['early', 'between', 'call', 'behind', 'other-call', 'end']
    expect(names.filter((name) => isOfSplit(graph, stepName(name)))).toEqual(['early', 'other-call'])
  })
})
