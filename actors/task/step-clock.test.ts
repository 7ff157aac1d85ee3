import { describe, expect, it } from 'vitest'
import { stepName } from '../../core/ids.ts'
import { keyGroup } from '../../core/keys/index.ts'
import { KeyedState } from '../../operators/state/keyed-state.ts'
import { stateSchema } from '../../operators/state/schema.ts'
import { TaskStepClock } from './step-clock.ts'

function open(from: number, to: number) {
  const state = new KeyedState({ step: stepName('s'), schema: stateSchema({}), keyGroups: 8, from, to })
  const clock = new TaskStepClock(() => 0, state)
  const at = (group: number): number => {
    let key = 0
    while (keyGroup(key, 8) !== group) key += 1
    state.enter(key)
    return clock.watermarkMs
  }
  return { clock, at }
}

describe('the watermark of a step', () => {
  it('W1: never goes back', () => {
    const { clock } = open(0, 8)
    clock.advance(5)
    clock.advance(3)
    expect([clock.watermarkMs, clock.endMs]).toEqual([5, 6])
    clock.advance(Infinity)
    expect([clock.watermarkMs, clock.endMs]).toEqual([Infinity, 6])
  })

  it('W1: is floored by what each group had seen, also where the groups were two tasks’', () => {
    const [low, high] = [open(0, 4), open(4, 8)]
    low.clock.advance(10)
    high.clock.advance(30)
    const { clock, at } = open(2, 6)
    clock.restore([...low.clock.snapshot(), ...high.clock.snapshot()])
    expect([clock.lowestMs, at(2), at(3), at(4), at(5)]).toEqual([10, 10, 10, 30, 30])
    clock.advance(20)
    expect([clock.lowestMs, at(3), at(4)]).toEqual([20, 20, 30])
    expect(clock.snapshot()).toEqual([
      { from: 2, to: 4, atMs: 20 },
      { from: 4, to: 6, atMs: 30 },
    ])
    clock.advance(31)
    expect([at(3), at(4), clock.snapshot()]).toEqual([31, 31, [{ from: 2, to: 6, atMs: 31 }]])
  })

  it('W1: a group that is new, and a task without any, begin without a floor', () => {
    const { clock, at } = open(0, 2)
    clock.restore([{ from: 0, to: 1, atMs: 7 }])
    expect([at(0), at(1), clock.lowestMs]).toEqual([7, -Infinity, -Infinity])
    const none = open(3, 3)
    none.clock.restore([{ from: 0, to: 8, atMs: 7 }])
    expect([none.clock.lowestMs, none.clock.snapshot()]).toEqual([-Infinity, []])
  })
})
