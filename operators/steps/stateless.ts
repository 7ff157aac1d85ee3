/** Steps without state: `map`, `filter`, `flatMap`, and the pass-through of `keyBy` and `union`. */
import type { StepName } from '../../core/ids.ts'
import { OperatorError, operatorThrew, rejectPromise } from '../errors.ts'
import type { ErrorPolicy, OperatorContext, OperatorDefinition, OperatorInstance } from '../operator.ts'

type Fn<R> = (record: never) => R

export function mapOperator(fn: Fn<unknown>, onError: ErrorPolicy): OperatorDefinition {
  return {
    kind: 'map',
    onError,
    inline: { kind: 'map', fn },
    create: ({ step, emit }) => ({
      onRecord(record) {
        let result: unknown
        try {
          result = fn(record as never)
        } catch (cause) {
          throw operatorThrew(step, cause)
        }
        emit(result)
      },
    }),
  }
}

export function filterOperator(fn: Fn<boolean>, onError: ErrorPolicy): OperatorDefinition {
  return {
    kind: 'filter',
    onError,
    inline: { kind: 'filter', fn },
    create: ({ step, emit }) => ({
      onRecord(record) {
        let pass: boolean
        try {
          pass = fn(record as never)
          if (typeof pass !== 'boolean') rejectPromise(step, pass)
        } catch (cause) {
          throw operatorThrew(step, cause)
        }
        if (pass) emit(record)
      },
    }),
  }
}

/** `keyBy`, `union`, windows and what is broadcast: names in the graph whose records pass unchanged. */
export const identityOperator = (kind: 'keyBy' | 'union' | 'window' | 'broadcast'): OperatorDefinition => ({
  kind,
  onError: 'fail',
  inline: { kind: 'identity' },
  create: ({ emit }) => ({ onRecord: emit }),
})

/** T1: results are pulled one by one, under the same check for room as records. */
export function flatMapOperator(fn: Fn<Iterable<unknown>>, onError: ErrorPolicy): OperatorDefinition {
  return { kind: 'flatMap', onError, create: (context) => new FlatMap(fn, context) }
}

class FlatMap implements OperatorInstance {
  private readonly fn: Fn<Iterable<unknown>>
  private readonly context: OperatorContext
  /** What earlier records left to emit, oldest first, at the record's time. */
  private readonly waiting: { readonly results: Iterator<unknown>; readonly atMs: number }[] = []

  constructor(fn: Fn<Iterable<unknown>>, context: OperatorContext) {
    this.fn = fn
    this.context = context
  }

  onRecord(record: unknown): void {
    let results: Iterable<unknown>
    try {
      results = this.fn(record as never)
      const { step, time } = this.context
      this.waiting.push({ results: iteratorOf(results, step), atMs: time.recordMs })
      this.context.gate.leftovers += 1
    } catch (cause) {
      throw operatorThrew(this.context.step, cause)
    }
  }

  pull(): boolean {
    const oldest = this.waiting[0]
    if (!oldest) return false
    this.context.time.recordMs = oldest.atMs
    let next: IteratorResult<unknown>
    try {
      next = oldest.results.next()
    } catch (cause) {
      this.leave()
      throw operatorThrew(this.context.step, cause)
    }
    if (next.done === true) this.leave()
    else this.context.emit(next.value)
    return true
  }

  discard(): void {
    for (let left = this.waiting[0]; left; left = this.waiting[0]) {
      this.leave()
      try {
        left.results.return?.()
      } catch (cause) {
        throw operatorThrew(this.context.step, cause)
      }
    }
  }

  private leave(): void {
    this.waiting.shift()
    this.context.gate.leftovers -= 1
  }
}

function iteratorOf(results: unknown, step: StepName): Iterator<unknown> {
  const found = results as Partial<Iterable<unknown>> | null | undefined
  if (typeof results !== 'string' && typeof found?.[Symbol.iterator] === 'function') {
    return (found as Iterable<unknown>)[Symbol.iterator]()
  }
  throw new OperatorError(
    'OPERATOR_THREW',
    `'${step}' must return an iterable (an array, a generator, a Set), got ${describe(results)}`,
    { retry: 'retry', details: { step } },
  )
}

const describe = (value: unknown): string =>
  value instanceof Promise ? 'a Promise (handlers are synchronous)' : value === null ? 'null' : typeof value
