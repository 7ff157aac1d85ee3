/** For tests: one window step with its state, timers and clock, as a task drives it. */
import { stepName } from '../../../core/ids.ts'
import { invariant } from '../../../core/invariant.ts'
import type { Key } from '../../../core/keys/index.ts'
import type { ErrorPolicy, OperatorDefinition, OperatorInstance } from '../../operator.ts'
import { guardedInstance } from '../../steps/poison.ts'
import { fakeContext, type FakeContext } from '../../testing/context.ts'
import { finish, bytesOf } from '../../state/testing/states.ts'
import { openGroup } from '../../state/restore.ts'
import { KeyedState } from '../../state/keyed-state.ts'
import type { TimerDomain } from '../../state/timers.ts'
import type { ErasedAggregate } from '../accumulation.ts'
import type { WindowAssigner } from '../assigners.ts'
import { resolveWindowOptions, type WindowOptions } from '../options.ts'
import { startsOf } from '../table.ts'
import { windowOperator } from '../window-operator.ts'

export interface Keyed {
  readonly key: Key
}

export interface Stamped<R = unknown> {
  readonly row: R
  readonly atMs: number
}

export class WindowDriver<R> {
  readonly out: Stamped<R>[] = []
  readonly late: Stamped[] = []
  readonly skipped: unknown[] = []
  private readonly definition: OperatorDefinition
  private watermarkMs = -Infinity
  private nowMs = 0
  private state: KeyedState
  private context: FakeContext
  private instance: OperatorInstance

  constructor(
    assigner: WindowAssigner,
    aggregate: ErasedAggregate,
    options: WindowOptions<'event'> = {},
    onError: ErrorPolicy = 'fail',
  ) {
    this.definition = windowOperator(
      'w',
      assigner,
      {
        keyOf: (record: Keyed) => record.key,
        aggregate,
        options: resolveWindowOptions('w', assigner, options),
      },
      onError,
    )
    this.state = this.newState()
    this.context = this.newContext()
    this.instance = this.newInstance()
  }

  get keys(): number {
    return this.state.size
  }

  /** How many slices or windows the state has of a key. */
  tableSizeOf(key: Key): number {
    const entry = this.state.find(key)
    return (entry && startsOf(entry)?.length) ?? 0
  }

  record(record: Keyed, atMs = NaN): void {
    this.context.time.recordMs = atMs
    this.instance.onRecord(record)
    // What comes before this step may emit more at the same time.
    invariant(Object.is(this.context.time.recordMs, atMs), 'the register is as it was')
  }

  advance(watermarkMs: number): void {
    invariant(watermarkMs >= this.watermarkMs, 'a watermark never goes back')
    this.watermarkMs = this.context.clock.watermarkMs = watermarkMs
    this.fire('event', watermarkMs)
  }

  tick(nowMs: number): void {
    this.nowMs = nowMs
    this.fire('clock', nowMs)
  }

  end(): void {
    this.advance(Infinity)
    if (this.instance.onEnd) for (const key of this.state.keysToEnd()) this.instance.onEnd(key)
  }

  /** A crash right after a checkpoint: everything but the bytes is lost. */
  restart(): void {
    const sections = finish(this.state.beginSnapshot())
    this.state = this.newState()
    for (const section of sections) {
      this.state.restore(openGroup(stepName('w'), section.group, bytesOf(section)))
    }
    this.context = this.newContext()
    this.instance = this.newInstance()
  }

  private fire(domain: TimerDomain, untilMs: number): void {
    const { timers } = this.state
    for (let fired = timers?.take(domain, untilMs); fired; fired = timers?.take(domain, untilMs)) {
      this.context.time.recordMs = fired.timer.atMs
      this.instance.onTimer?.(fired.key, fired.timer)
    }
  }

  private newState(): KeyedState {
    const { keyed } = this.definition
    invariant(keyed !== undefined, 'windows are keyed')
    return new KeyedState({ step: stepName('w'), schema: keyed.state, keyGroups: 4, from: 0, to: 4 })
  }

  private newInstance(): OperatorInstance {
    const { definition, context } = this
    if (definition.onError === 'fail') return definition.create(context)
    return guardedInstance(definition, { context, skipped: (error) => void this.skipped.push(error) })
  }

  private newContext(): FakeContext {
    const { state } = this
    const push = (to: Stamped[], row: unknown): void => void to.push({ row, atMs: context.time.recordMs })
    const context: FakeContext = fakeContext({
      step: stepName('w'),
      emit: (row) => push(this.out, row),
      emitTo: (output, record) => {
        invariant(output === 'late', 'windows have one side output')
        push(this.late, record)
      },
      state,
      ...(state.timers && { timers: state.timers }),
    })
    context.clock.watermarkMs = this.watermarkMs
    context.clock.nowMs = () => this.nowMs
    return context
  }
}
