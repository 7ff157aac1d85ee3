/**
 * The calls for one record: one after the other, each with a time limit, until one succeeds or none is left.
 *
 * - A call that ran out of time is aborted; whatever it answers later changes nothing.
 * - `fatal` errors are not tried again.
 */
import { isTyped } from '../../core/errors.ts'
import type { StepName } from '../../core/ids.ts'
import { unit } from '../../core/ports/random.ts'
import type { Cancel, Ports } from '../../core/ports/index.ts'
import { OperatorError } from '../errors.ts'
import type { ResolvedAsync } from './options.ts'

/** What an asynchronous function gets beside the record. */
export interface AsyncCallContext {
  /** Aborts when the call ran out of time, or the task ends; pass it to `fetch` and the like. */
  readonly signal: AbortSignal
  /** 1 for the first call; more after failures. After a restart it begins at 1 again. */
  readonly attempt: number
  /** Resolves after `ms` by the engine's clock, which a simulation makes virtual; rejects when `signal` aborts. */
  readonly sleep: (ms: number) => Promise<void>
}

export type AsyncFn<R> = (record: never, call: AsyncCallContext) => Promise<R> | R

export type Outcome =
  { readonly kind: 'done'; readonly result: unknown } | { readonly kind: 'failed'; readonly error: unknown }

export interface AsyncCallParts {
  readonly step: StepName
  readonly fn: AsyncFn<unknown>
  readonly options: ResolvedAsync
  readonly ports: Pick<Ports, 'timers' | 'random'>
}

export class AsyncCall {
  private readonly parts: AsyncCallParts
  private readonly record: unknown
  private readonly settled: (outcome: Outcome) => void
  private controller: AbortController | undefined
  private cancelTimer: Cancel | undefined

  /** `settled` is called once, later; never after `close`. */
  constructor(parts: AsyncCallParts, record: unknown, settled: (outcome: Outcome) => void) {
    this.parts = parts
    this.record = record
    this.settled = settled
  }

  start(attempt = 1): void {
    const { fn, options, ports } = this.parts
    const controller = new AbortController()
    this.controller = controller
    this.cancelTimer = ports.timers.after(options.timeoutMs, () => {
      const error = this.timedOut(attempt)
      controller.abort(error)
      this.fail(controller, attempt, error)
    })
    const { signal } = controller
    const call = { signal, attempt, sleep: (ms: number) => sleep(ms, signal, ports.timers) }
    // In a promise even where `fn` throws at once: a caller sees no difference.
    const answer = new Promise<unknown>((resolve) => resolve(fn(this.record as never, call)))
    answer.then(
      (result) => this.finish(controller, { kind: 'done', result }),
      (error: unknown) => this.fail(controller, attempt, error),
    )
  }

  /** Nothing is heard of it any more. */
  close(reason: unknown): void {
    const { controller } = this
    this.settle()
    controller?.abort(reason)
  }

  private fail(controller: AbortController, attempt: number, error: unknown): void {
    if (this.controller !== controller) return
    const { options, ports } = this.parts
    const fatal = isTyped(error) && error.retry === 'fatal'
    if (fatal || attempt >= options.attemptsMax) {
      this.finish(controller, { kind: 'failed', error })
      return
    }
    this.settle()
    const delayMs = Math.min(options.delayMsMax, options.delayMs * 2 ** (attempt - 1))
    this.cancelTimer = ports.timers.after(delayMs * (0.75 + unit(ports.random) / 2), () =>
      this.start(attempt + 1),
    )
  }

  private finish(controller: AbortController, outcome: Outcome): void {
    if (this.controller !== controller) return
    this.settle()
    this.settled(outcome)
  }

  private settle(): void {
    this.controller = undefined
    this.cancelTimer?.()
    this.cancelTimer = undefined
  }

  private timedOut(attempt: number): OperatorError {
    const { step, options } = this.parts
    return new OperatorError(
      'ASYNC_TIMEOUT',
      `call ${attempt} of '${step}' took longer than timeoutMs (${options.timeoutMs})`,
      { retry: 'retry', details: { attempt, timeoutMs: options.timeoutMs } },
    )
  }
}

function sleep(ms: number, signal: AbortSignal, timers: Ports['timers']): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      cancel()
      reject(signal.reason as Error)
    }
    const cancel = timers.after(ms, () => {
      signal.removeEventListener('abort', abort)
      resolve()
    })
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}
