/**
 * T1: the results of one invocation, which may be more than the outputs have room for. Few are emitted at once, many
 * are pulled one by one.
 */
import { operatorThrew } from '../errors.ts'
import type { OperatorContext } from '../operator.ts'

/** What is made of the `index`-th of an invocation's results: the record, and its event time. */
export type MakeResult = (index: number) => { readonly result: unknown; readonly atMs: number }

interface Left {
  readonly count: number
  readonly make: MakeResult
  next: number
}

/** Up to this many are emitted without a pull. */
const atOnceMax = 64

export class Results {
  private readonly context: OperatorContext
  private readonly waiting: Left[] = []

  constructor(context: OperatorContext) {
    this.context = context
  }

  /** What `make` reads must not change before the next invocation of the same key; the arrays it holds are its own. */
  emit(count: number, make: MakeResult): void {
    if (count > atOnceMax || this.waiting.length > 0) {
      this.waiting.push({ count, make, next: 0 })
      this.context.gate.leftovers += 1
    } else for (let index = 0; index < count; index += 1) this.emitOne(make, index)
  }

  pull(): boolean {
    const left = this.waiting[0]
    if (!left) return false
    const index = left.next
    left.next += 1
    if (left.next === left.count) this.leave()
    this.emitOne(left.make, index)
    return true
  }

  discard(): void {
    while (this.waiting.length > 0) this.leave()
  }

  private leave(): void {
    this.waiting.shift()
    this.context.gate.leftovers -= 1
  }

  private emitOne(make: MakeResult, index: number): void {
    const { step, time, emit } = this.context
    let made: ReturnType<MakeResult>
    try {
      made = make(index)
    } catch (cause) {
      throw operatorThrew(step, cause, 'a pair of records')
    }
    // The step before this one may emit more for the record in hand.
    const beforeMs = time.recordMs
    time.recordMs = made.atMs
    emit(made.result)
    time.recordMs = beforeMs
  }
}
