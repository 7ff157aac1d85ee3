import { describe, expect, it } from 'vitest'
import { watermark } from '../../core/elements.ts'
import { stepName } from '../../core/ids.ts'
import { virtualTime } from '../../core/simulated/time.ts'
import type { OperatorInstance, WatermarkOut } from '../../operators/operator.ts'
import { KeyedState } from '../../operators/state/keyed-state.ts'
import { cell, stateSchema } from '../../operators/state/schema.ts'
import type { OperatorNode } from './chain.ts'
import { TaskStepClock } from './step-clock.ts'
import { signalText } from './testing/fakes.ts'
import { WatermarkFlow } from './watermark-flow.ts'

interface Given {
  readonly name: string
  readonly follows?: string
  readonly keyed?: boolean
  readonly timed?: boolean
  readonly out?: (inMs: number, inIdle: boolean) => WatermarkOut
}

/** A task of these steps, each with an output of its own; what happens is in `log`. */
function open(...given: readonly Given[]) {
  const time = virtualTime()
  const register = { recordMs: NaN }
  const log: string[] = []
  let wakes = 0
  const nodes = given.map(({ name, follows, keyed = false, timed = true, out }): OperatorNode => {
    const step = stepName(name)
    const schema = stateSchema({ held: cell<number>() }, { timers: true })
    const state = keyed ? new KeyedState({ step, schema, keyGroups: 4, from: 0, to: 4 }) : undefined
    const instance: OperatorInstance = {
      onRecord: () => undefined,
      onTimer(key, timer) {
        log.push(`${name} ${String(key)} ${timer.name} ${register.recordMs}`)
        if (timer.name === 'again') state?.timers?.at('once', timer.atMs + 1)
        if (timer.name === 'later') state?.timers?.at('once', timer.atMs + 1_000)
      },
      onEnd: (key) => void log.push(`${name} end of ${String(key)} ${register.recordMs}`),
      ...(out && { watermarkOut: out }),
    }
    return {
      name: step,
      step: undefined as never,
      instance,
      state,
      clock: new TaskStepClock(() => time.wallMs(), state),
      timed,
      late: { dropped: 0 },
      follows: follows === undefined ? undefined : stepName(follows),
    }
  })
  const flow = new WatermarkFlow({
    nodes,
    targets: given.map(({ name }) => ({
      from: stepName(name),
      signal: (each) => void log.push(`${name} → ${signalText(each)}`),
    })),
    register,
    ports: { clock: time, timers: time },
    wake: () => void (wakes += 1),
  })
  const timers = (name: string, key: string) => {
    const state = nodes.find((node) => node.name === stepName(name))?.state
    state?.enter(key)
    if (!state?.timers) throw new Error('keyed')
    return state.timers
  }
  const through = (): string[] => {
    while (flow.work());
    return log.splice(0)
  }
  return { flow, time, log, timers, nodes, through, wakes: () => wakes }
}

describe('the watermark’s way through a task', () => {
  const two = () => open({ name: 'a', keyed: true }, { name: 'b', follows: 'a', keyed: true })

  it('T1: one timer an invocation; a step is left after its last timer, before the next one is entered', () => {
    const { flow, timers, log } = two()
    timers('a', 'k').at('x', 1)
    timers('a', 'l').at('x', 2)
    timers('b', 'k').at('x', 1)
    timers('a', 'k').at('y', 6)
    flow.enter(watermark(5))
    const turns: string[][] = []
    while (flow.work()) turns.push(log.splice(0))
    expect(turns).toEqual([['a k x 1'], ['a l x 2'], ['a → w5', 'b k x 1'], ['b → w5']])
    expect(flow.work()).toBe(false)
  })

  it('what a timer sets below the watermark fires on the same way, what it sets above does not', () => {
    const { flow, timers, through } = two()
    timers('a', 'k').at('again', 1)
    timers('a', 'l').at('later', 1)
    flow.enter(watermark(5))
    expect(through()).toEqual(['a k again 1', 'a l later 1', 'a k once 2', 'a → w5', 'b → w5'])
  })

  it('a timer set in the past fires with the next watermark', () => {
    const { flow, timers, through } = two()
    flow.enter(watermark(5))
    through()
    timers('a', 'k').at('x', -3)
    expect(through()).toEqual([])
    flow.enter(watermark(6))
    expect(through()).toEqual(['a k x -3', 'a → w6', 'b → w6'])
  })

  it('W1: it never goes back, and is not said twice; idleness is', () => {
    const { flow, through } = two()
    flow.enter(watermark(5))
    through()
    flow.enter(watermark(3))
    expect(through()).toEqual([])
    flow.enter(watermark(5, true))
    expect(through()).toEqual(['a → w5 idle', 'b → w5 idle'])
    flow.enter(watermark(5))
    expect(through()).toEqual(['a → w5', 'b → w5'])
  })

  it('a restored step speaks from its floor on', () => {
    const { flow, nodes, through } = two()
    nodes[0]?.clock.restore([{ from: 0, to: 4, atMs: 10 }])
    flow.enter(watermark(4))
    expect(through()).toEqual(['a → w10', 'b → w10'])
  })

  it('a step may hold it back, and is asked again; nobody else is', () => {
    let heldMs = 3
    const asked: number[] = []
    const { flow, through } = open(
      { name: 'a' },
      {
        name: 'b',
        follows: 'a',
        out: (inMs, idle) => {
          asked.push(inMs)
          return { atMs: Math.min(inMs, heldMs), idle }
        },
      },
      { name: 'c', follows: 'b' },
    )
    flow.enter(watermark(9))
    expect(through()).toEqual(['a → w9', 'b → w3', 'c → w3'])
    expect(flow.ask()).toBe(false)
    heldMs = 100
    expect([flow.ask(), through()]).toEqual([true, ['b → w9', 'c → w9']])
    expect(new Set(asked)).toEqual(new Set([9]))
  })

  it('a step that makes watermarks is the beginning; before it there is none', () => {
    let madeMs = -Infinity
    const { flow, through } = open(
      { name: 'plain', timed: false },
      { name: 'makes', follows: 'plain', out: () => ({ atMs: madeMs, idle: false }) },
      { name: 'behind', follows: 'makes' },
      { name: 'beside', follows: 'plain', timed: false },
    )
    expect(flow.ask()).toBe(false)
    madeMs = 7
    expect([flow.ask(), through()]).toEqual([true, ['makes → w7', 'behind → w7']])
  })

  it('C10: at the end each step fires and runs onEnd before the next one sees +Infinity', () => {
    const { flow, timers, nodes, through, log } = two()
    flow.enter(watermark(5))
    through()
    timers('a', 'k').at('x', 50)
    timers('b', 'k').at('x', 60)
    nodes.forEach(({ state }) => {
      state?.enter('held')
      const held = state?.cells.held as { set: (value: number) => void } | undefined
      held?.set(1)
    })
    const clocks: number[] = []
    for (const _ of flow.end()) clocks.push(nodes[1]?.clock.watermarkMs ?? NaN)
    expect(log).toEqual(['a k x 50', 'a end of held 6', 'b k x 60', 'b end of held 6'])
    expect(clocks).toEqual([5, 5, Infinity, Infinity])
    flow.enter(watermark(70))
    expect([flow.work(), flow.ask(), flow.tick()]).toEqual([false, false, false])
  })

  it('C10: what a step knows last is sent on before its end, behind what it had under way', () => {
    let madeMs = 5
    const { flow, through, log } = open(
      { name: 'makes', out: () => ({ atMs: madeMs, idle: false }) },
      { name: 'behind', follows: 'makes', keyed: true },
    )
    expect([flow.ask(), through()]).toEqual([true, ['makes → w5', 'behind → w5']])
    madeMs = 9
    for (const _ of flow.end());
    expect(log).toEqual(['makes → w9', 'behind → w9'])
  })
})

describe('timers by the clock', () => {
  it('wake the task when they are due, and fire one an invocation', () => {
    const { flow, timers, time, log, wakes } = open({ name: 'a', keyed: true, timed: false })
    timers('a', 'k').atClock('x', 30)
    timers('a', 'l').atClock('x', 30)
    timers('a', 'm').atClock('x', 10)
    expect(flow.tick()).toBe(false)
    time.runNext()
    expect([wakes(), time.monotonicMs()]).toEqual([1, 10])
    expect([flow.tick(), flow.tick(), log.splice(0)]).toEqual([true, false, ['a m x 10']])
    time.runNext()
    expect([flow.tick(), flow.tick(), flow.tick(), log]).toEqual([
      true,
      true,
      false,
      ['a k x 30', 'a l x 30'],
    ])
    expect(time.runNext()).toBe(false)
  })

  it('are looked at again at least once a minute: the clock may jump', () => {
    const { flow, timers, time, wakes } = open({ name: 'a', keyed: true })
    timers('a', 'k').atClock('x', 100_000)
    time.runNext()
    expect([time.monotonicMs(), flow.tick(), wakes()]).toEqual([60_000, false, 1])
    time.runNext()
    expect([time.monotonicMs(), flow.tick()]).toEqual([100_000, true])
  })

  it('nobody is woken by a task that is closed', () => {
    const { flow, timers, time } = open({ name: 'a', keyed: true })
    timers('a', 'k').atClock('x', 10)
    flow.close()
    timers('a', 'k').atClock('x', 5)
    expect(time.runNext()).toBe(false)
  })
})
