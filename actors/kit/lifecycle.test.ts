import { describe, expect, it } from 'vitest'
import { setup } from 'xstate'
import { Lifecycle } from './lifecycle.ts'

const door = setup({
  types: { events: {} as { type: 'open' } | { type: 'close' } | { type: 'burn' } },
}).createMachine({
  initial: 'shut',
  states: {
    shut: { on: { open: 'ajar', burn: 'gone' } },
    ajar: { on: { close: 'shut', burn: 'gone' } },
    gone: { type: 'final' },
  },
})

describe('a lifecycle', () => {
  it('moves by the events that its state expects', () => {
    const life = new Lifecycle(door, 'door 1')
    expect([life.state, life.is('shut', 'gone'), life.can({ type: 'close' })]).toEqual(['shut', true, false])
    life.send({ type: 'open' })
    life.send({ type: 'close' })
    life.send({ type: 'open' })
    expect([life.state, life.is('shut')]).toEqual(['ajar', false])
  })

  it('an event that its state does not expect is an error, never silence, and changes nothing', () => {
    const life = new Lifecycle(door, 'door 1')
    const unexpected = expect.objectContaining({
      code: 'INVARIANT',
      message: "door 1: 'close' in state 'shut'",
    })
    expect(() => life.send({ type: 'close' })).toThrowError(unexpected)
    expect(life.state).toBe('shut')
    expect(() => life.send({ type: 'melt' } as never)).toThrowError(/'melt' in state 'shut'/)
    life.send({ type: 'burn' })
    for (const type of ['open', 'close', 'burn'] as const) {
      expect(() => life.send({ type })).toThrowError(/in state 'gone'/)
    }
  })

  it('each is its own', () => {
    const one = new Lifecycle(door, 'door 1')
    const other = new Lifecycle(door, 'door 2')
    one.send({ type: 'open' })
    expect(other.state).toBe('shut')
  })
})
