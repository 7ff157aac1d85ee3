/**
 * `mapAsync`: one asynchronous call a record, many under way at a time.
 *
 * - A1: results leave in pulls, under the same check for room as records (T1). A call that completes only wakes the
 *   task. At `inFlightMax` no record comes in.
 * - A2: a barrier does not wait for calls: records that have not left are in the snapshot and are called for again
 *   after a restore, in their order and before anything new. So a call is made at least once. Where the task can tell
 *   their lanes, each goes with its lane: also with another number of tasks, a key's records keep their order.
 * - A3: a watermark does not overtake a record that came before it; the end of the input waits for all.
 * - P1: under `skip` and `dead-letter` a record whose calls failed is set aside when its turn comes.
 */
import { reportError } from '../../core/errors.ts'
import { OperatorError, operatorThrew } from '../errors.ts'
import type {
  ErrorPolicy,
  Lane,
  OperatorContext,
  OperatorDefinition,
  OperatorInstance,
  UnkeyedSection,
  WatermarkOut,
} from '../operator.ts'
import { deadLetterOf } from '../steps/poison.ts'
import { toText } from '../text.ts'
import { AsyncCall, type AsyncCallParts, type AsyncFn, type Outcome } from './call.ts'
import type { ResolvedAsync } from './options.ts'
import { AsyncQueue, type Waiting } from './queue.ts'

export const mapAsyncOperator = (
  fn: AsyncFn<unknown>,
  options: ResolvedAsync,
  onError: ErrorPolicy,
): OperatorDefinition => ({
  kind: 'mapAsync',
  onError,
  defers: true,
  caution: 'calls its function again for what was under way at a failure',
  ...(onError === 'dead-letter' && { outputs: ['dead-letters'] }),
  create: (context) => new MapAsync(fn, options, onError, context),
})

interface Request {
  readonly record: unknown
  readonly recordMs: number
  readonly lane: Lane | undefined
  call: AsyncCall | undefined
  outcome: Outcome | undefined
}

/** A record in the snapshot: with its event time, where it has one. */
type Stored = readonly [record: unknown, recordMs: number | null]

class MapAsync implements OperatorInstance {
  readonly unkeyed: NonNullable<OperatorInstance['unkeyed']>
  private readonly context: OperatorContext
  private readonly options: ResolvedAsync
  private readonly onError: ErrorPolicy
  private readonly calls: AsyncCallParts
  private readonly queue: AsyncQueue<Request>
  /** Restored, and not called for yet; oldest first. */
  private restored: Waiting<Request>[] = []
  lane: Lane | undefined
  private underWay = 0
  private closesGate = false

  constructor(fn: AsyncFn<unknown>, options: ResolvedAsync, onError: ErrorPolicy, context: OperatorContext) {
    this.context = context
    this.options = options
    this.onError = onError
    this.calls = { step: context.step, fn, options, ports: context.ports }
    this.queue = new AsyncQueue(options.ordered)
    this.unkeyed = { snapshot: () => this.snapshot(), restore: (sections) => this.restore(sections) }
  }

  onRecord(record: unknown): void {
    this.issue(this.add(record, this.context.time.recordMs, this.context.lane?.()))
    this.setGate()
  }

  pull(): boolean {
    this.issueRestored()
    const request = this.queue.take()
    if (!request) return false
    this.setGate()
    const { outcome, lane } = request
    this.lane = lane
    if (outcome?.kind === 'done') {
      this.context.time.recordMs = request.recordMs
      this.context.emit(outcome.result)
    } else this.setAside(request, outcome?.error)
    return true
  }

  get full(): boolean {
    return this.closesGate
  }

  get busy(): boolean {
    return this.queue.size > 0
  }

  watermarkOut(inMs: number, inIdle: boolean): WatermarkOut {
    this.queue.watermark(inMs)
    return { atMs: this.queue.releasedMs, idle: inIdle && this.queue.size === 0 }
  }

  close(): void {
    const reason = new OperatorError('ASYNC_ABORTED', `the task of '${this.context.step}' has ended`, {
      retry: 'retry',
    })
    for (const { call } of this.queue.items()) call?.close(reason)
  }

  private add(record: unknown, recordMs: number, lane: Lane | undefined): Waiting<Request> {
    return this.queue.add({ record, recordMs, lane, call: undefined, outcome: undefined })
  }

  private issue(waiting: Waiting<Request>): void {
    const { item } = waiting
    this.underWay += 1
    item.call = new AsyncCall(this.calls, item.record, (outcome) => {
      this.underWay -= 1
      item.call = undefined
      item.outcome = outcome
      this.queue.markReady(waiting)
      this.context.wake()
    })
    item.call.start()
  }

  /** A2: what a task got from several may be more than it calls for at a time. */
  private issueRestored(): void {
    if (this.restored.length === 0) return
    while (this.restored.length > 0 && this.underWay < this.options.inFlightMax) {
      this.issue(this.restored.shift() as Waiting<Request>)
    }
    this.setGate()
  }

  private setGate(): void {
    const closes = this.queue.size >= this.options.inFlightMax || this.restored.length > 0
    if (closes === this.closesGate) return
    this.closesGate = closes
    this.context.gate.leftovers += closes ? 1 : -1
  }

  private setAside({ record, recordMs }: Request, cause: unknown): void {
    const { step, time, emitTo, ports } = this.context
    const error = operatorThrew(step, cause, 'a record', { raw: toText(record) })
    const { code, retry } = reportError(error)
    if (this.onError === 'fail' || retry === 'fatal' || code === 'INVARIANT') throw error
    ports.log('warn', `'${step}' skipped a record`, { error: String(error) })
    if (this.onError !== 'dead-letter') return
    time.recordMs = recordMs
    emitTo('dead-letters', deadLetterOf(step, error, record))
  }

  private snapshot(): UnkeyedSection[] {
    const lanes: [Lane, Stored][] = []
    const list: Stored[] = []
    for (const { record, recordMs, lane } of this.queue.items()) {
      const stored: Stored = [record, Number.isNaN(recordMs) ? null : recordMs]
      if (lane === undefined) list.push(stored)
      else lanes.push([lane, stored])
    }
    return [
      ...(list.length > 0 ? [{ scope: { kind: 'list' }, value: list } as const] : []),
      ...(lanes.length > 0 ? [{ scope: { kind: 'lanes' }, value: lanes } as const] : []),
    ]
  }

  private restore(sections: readonly UnkeyedSection[]): void {
    for (const { scope, value } of sections) {
      const items =
        scope.kind === 'lanes'
          ? (value as readonly (readonly [Lane, Stored])[])
          : (value as readonly Stored[]).map((stored) => [undefined, stored] as const)
      for (const [lane, [record, recordMs]] of items) {
        this.restored.push(this.add(record, recordMs ?? NaN, lane))
      }
    }
    this.setGate()
  }
}
