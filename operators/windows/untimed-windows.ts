/** Windows without edges in time: of everything, and of every so many records. Results carry their last record's time. */
import { cell, stateSchema } from '../state/schema.ts'
import type { Key } from '../../core/keys/index.ts'
import type { OperatorContext, OperatorInstance } from '../operator.ts'
import type { CountWindows } from './assigners.ts'
import { timerNames, WindowRuntime, type WindowDefinition } from './definition.ts'
import { PaneTrigger } from './panes.ts'

/** How many records came (of a global window: that no pane has shown), and what they make. */
export const untimedSchema = stateSchema({ accumulator: cell(), count: cell() }, { timers: true })

const slots = { accumulator: 0, count: 1 } as const

/** Adds the record to the current key's value. */
function addTo(runtime: WindowRuntime, record: unknown): unknown {
  const { current } = runtime.state
  const held = current.slots[slots.accumulator]
  const { accumulation } = runtime
  const value = held === undefined ? accumulation.first(record) : accumulation.add(held, record)
  current.slots[slots.accumulator] = value
  if (!current.attached) runtime.state.attach(current)
  return value
}

function forget(runtime: WindowRuntime): void {
  const { current } = runtime.state
  current.slots[slots.accumulator] = current.slots[slots.count] = undefined
  runtime.timers.delete(timerNames.early)
  runtime.state.settle(current)
}

export class GlobalWindowStep implements OperatorInstance {
  private readonly runtime: WindowRuntime
  private readonly trigger: PaneTrigger

  constructor(context: OperatorContext, definition: WindowDefinition) {
    this.runtime = new WindowRuntime(context, definition)
    this.trigger = new PaneTrigger(this.runtime, definition.options)
  }

  onRecord(record: unknown): void {
    const { runtime, trigger } = this
    const key = runtime.enter(record)
    const value = addTo(runtime, record)
    if (!trigger.counts) return
    const { slots: held } = runtime.state.current
    const before = (held[slots.count] as number | undefined) ?? 0
    held[slots.count] = before + 1
    if (trigger.isDue(before + 1)) this.show(key, value)
    else if (trigger.isQuiet([before])) trigger.arm()
  }

  onTimerUndone(key: Key): void {
    this.runtime.silently(() => this.onTimer(key))
  }

  onTimer(key: Key): void {
    const { slots: held } = this.runtime.state.current
    if (held[slots.count] !== 0) this.show(key, held[slots.accumulator])
  }

  onEnd(key: Key): void {
    this.runtime.state.enter(key)
    const { slots: held } = this.runtime.state.current
    if (this.trigger.speaksAtEnd((held[slots.count] as number | undefined) ?? 0)) {
      this.runtime.emitUntimed(key, held[slots.accumulator])
    }
    forget(this.runtime)
  }

  private show(key: Key, value: unknown): void {
    this.runtime.emitUntimed(key, value)
    if (this.trigger.discards) forget(this.runtime)
    else this.runtime.state.current.slots[slots.count] = 0
  }
}

export class CountWindowStep implements OperatorInstance {
  private readonly runtime: WindowRuntime
  private readonly size: number

  constructor(context: OperatorContext, { size }: CountWindows, definition: WindowDefinition) {
    this.runtime = new WindowRuntime(context, definition)
    this.size = size
  }

  onRecord(record: unknown): void {
    const { runtime } = this
    const key = runtime.enter(record)
    const value = addTo(runtime, record)
    const { slots: held } = runtime.state.current
    const count = ((held[slots.count] as number | undefined) ?? 0) + 1
    held[slots.count] = count
    if (count < this.size) return
    runtime.emitUntimed(key, value)
    forget(runtime)
  }
}
