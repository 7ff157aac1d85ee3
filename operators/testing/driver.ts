/** For tests: one keyed step with its state, timers and clock, driven as a task drives it, and restarted at will. */
import { stepName } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { OperatorDefinition, OperatorInstance } from '../operator.ts'
import { openGroup } from '../state/restore.ts'
import { KeyedState } from '../state/keyed-state.ts'
import { bytesOf, finish } from '../state/testing/states.ts'
import type { TimerDomain } from '../state/timers.ts'
import { fakeContext, type FakeContext } from './context.ts'

export interface Emitted {
  readonly output: string
  readonly row: unknown
  readonly atMs: number
}

const step = stepName('s')

export class StepDriver {
  /** In order, of all outputs. */
  readonly emitted: Emitted[] = []
  private definition: OperatorDefinition
  private watermarkMs = -Infinity
  private nowMs = 0
  /** The watermark that has left the step. */
  private sentMs = -Infinity
  private state: KeyedState
  private context: FakeContext
  private instance: OperatorInstance

  constructor(definition: OperatorDefinition) {
    this.definition = definition
    this.state = this.newState()
    this.context = this.newContext()
    this.instance = definition.create(this.context)
  }

  /** Keys that hold state. */
  get keys(): number {
    return this.state.size
  }

  get watermark(): number {
    return this.watermarkMs
  }

  rows(output = 'main'): unknown[] {
    return this.emitted.filter((each) => each.output === output).map(({ row }) => row)
  }

  first(record: unknown, atMs = NaN): void {
    this.invoke(atMs, () => this.instance.onRecord(record))
  }

  second(record: unknown, atMs = NaN): void {
    this.invoke(atMs, () => this.instance.onSecond?.(record))
  }

  advance(watermarkMs: number): void {
    if (watermarkMs <= this.watermarkMs) return
    this.watermarkMs = this.context.clock.watermarkMs = watermarkMs
    this.fire('event', watermarkMs)
    this.sentMs = watermarkMs
  }

  tick(nowMs: number): void {
    this.nowMs = nowMs
    this.fire('clock', nowMs)
  }

  /** Calls `onEnd` as a task does, with the watermark where it is. */
  end(): void {
    this.context.clock.watermarkMs = Infinity
    for (const key of this.state.keysToEnd()) this.instance.onEnd?.(key)
    this.state.markEnded()
  }

  /** A crash right after a checkpoint: everything but the bytes is lost. The code may be another when it goes on. */
  restart(definition = this.definition): void {
    const sections = finish(this.state.beginSnapshot())
    this.definition = definition
    this.state = this.newState()
    for (const section of sections) this.state.restore(openGroup(step, section.group, bytesOf(section)))
    this.context = this.newContext()
    this.instance = this.definition.create(this.context)
  }

  private invoke(atMs: number, call: () => void): void {
    this.context.time.recordMs = atMs
    call()
    while (this.instance.pull?.() === true);
    invariant(this.context.gate.leftovers === 0, 'everything is pulled')
    // What comes before this step may emit more at the same time.
    invariant(Object.is(this.context.time.recordMs, atMs), 'the register is as it was')
  }

  private fire(domain: TimerDomain, untilMs: number): void {
    const { timers } = this.state
    for (let fired = timers?.take(domain, untilMs); fired; fired = timers?.take(domain, untilMs)) {
      const { key, timer } = fired
      this.invoke(timer.atMs, () => this.instance.onTimer?.(key, timer))
    }
  }

  private newState(): KeyedState {
    const { keyed } = this.definition
    invariant(keyed !== undefined, 'a keyed step')
    return new KeyedState({ step, schema: keyed.state, keyGroups: 4, from: 0, to: 4 })
  }

  private newContext(): FakeContext {
    const { state } = this
    const push = (output: string, row: unknown): void => {
      const { recordMs } = context.time
      // What is emitted is never late for whoever comes next.
      invariant(output !== 'main' || Number.isNaN(recordMs) || recordMs > this.sentMs, 'not late')
      this.emitted.push({ output, row, atMs: recordMs })
    }
    const context: FakeContext = fakeContext({
      step,
      emit: (row) => push('main', row),
      emitTo: push,
      state,
      ...(state.timers && { timers: state.timers }),
    })
    context.clock.watermarkMs = this.watermarkMs
    context.clock.nowMs = () => this.nowMs
    return context
  }
}
