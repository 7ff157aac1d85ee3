/**
 * Two-phase aggregation: a window's records are combined by key and slice before they are sent to the key's task, so
 * that a hot key costs its task one merge a bundle instead of one call a record (Flink's local-global aggregation).
 *
 * - Nothing is kept across a barrier, so this is no state: all bundles go out before it, and before the end.
 * - Bundles of a slice go out before a watermark that reaches its end. So what is in one is never late for its task,
 *   whose watermark is at most this one's; a record whose slice is past already goes on alone.
 * - It is bounded: when so many keys and slices are in hand, all go out. Where that saved less than half of the records,
 *   records go on alone for a while, before it is tried again.
 * - Where both steps are in one task there is nothing to save, and records pass unchanged.
 */
import type { StepName } from '../../core/ids.ts'
import { copyKey, mapKey, type Key } from '../../core/keys/index.ts'
import { limits } from '../../core/limits.ts'
import { keySelectorThrew, operatorThrew } from '../errors.ts'
import type { OperatorContext, OperatorDefinition, OperatorInstance, WatermarkOut } from '../operator.ts'
import { Accumulation } from './accumulation.ts'
import type { FixedWindows, WindowAssigner } from './assigners.ts'
import type { WindowDefinition } from './definition.ts'
import { Slices } from './slices.ts'

/** What is sent to the key's task. */
export type LocalElement = Alone | Bundle
interface Alone {
  readonly kind: 'alone'
  readonly record: unknown
}
export interface Bundle {
  readonly kind: 'bundle'
  readonly key: Key
  /** Start of the slice. */
  readonly startMs: number
  readonly accumulator: unknown
}

/** A window step that takes bundles as well as records. */
export interface BundleTaker extends OperatorInstance {
  onBundle(bundle: Bundle): void
}

/** Whether an aggregation can have its records combined beforehand. */
export function combines(
  assigner: WindowAssigner,
  { aggregate, options }: WindowDefinition,
): assigner is FixedWindows<'event'> {
  return (
    assigner.kind === 'fixed' &&
    assigner.domain === 'event' &&
    aggregate.merge !== undefined &&
    aggregate.combines !== false &&
    // Other triggers speak of single records.
    options.trigger.kind === 'watermark' &&
    options.panes === 'accumulate'
  )
}

export interface LocalOptions {
  readonly assigner: FixedWindows
  readonly definition: WindowDefinition
  /** The step that the bundles are for. */
  readonly target: StepName
  /** True when every record must arrive alone: somebody asks for the late ones. Known when tasks are made. */
  readonly singly: () => boolean
}

export const localOperator = (options: LocalOptions): OperatorDefinition => ({
  kind: 'window',
  onError: 'fail',
  eventTime: 'needs',
  create(context) {
    if (options.singly() || context.inTask(options.target)) return { onRecord: context.emit }
    return new LocalAggregation(context, options)
  },
})

/** The key of what `localOperator` sends. */
export const localKeyOf =
  (keyOf: (record: never) => Key, singly: () => boolean) =>
  (element: unknown): Key => {
    if (singly()) return keyOf(element as never)
    const sent = element as LocalElement
    return sent.kind === 'bundle' ? sent.key : keyOf(sent.record as never)
  }

/** The window step behind a `localOperator`. */
export function afterLocal(instance: BundleTaker): OperatorInstance {
  return {
    ...(instance.onTimer && { onTimer: (key, timer) => instance.onTimer?.(key, timer) }),
    onRecord(element) {
      const sent = element as LocalElement
      if (sent.kind === 'bundle') instance.onBundle(sent)
      else instance.onRecord(sent.record)
    },
  }
}

interface Bundling {
  readonly key: Key
  accumulator: unknown
}

/** After so many bundles' worth of records that went on alone, combining is tried again. */
const aloneFor = 16

class LocalAggregation implements OperatorInstance {
  private readonly context: OperatorContext
  private readonly keyOf: (record: never) => Key
  private readonly slices: Slices
  private readonly accumulation: Accumulation
  private readonly bySlice = new Map<number, Map<unknown, Bundling>>()
  private held = 0
  /** Records since combining was last judged, and the bundles made of them. */
  private records = 0
  private made = 0
  /** Records that still go on alone. */
  private alone = 0
  /** The slice of the last record, and its bundles. */
  private sliceMs = NaN
  private slice = new Map<unknown, Bundling>()

  constructor(context: OperatorContext, { assigner, definition }: LocalOptions) {
    this.context = context
    this.keyOf = definition.keyOf
    this.slices = new Slices(assigner)
    this.accumulation = new Accumulation(context.step, definition.aggregate)
  }

  onRecord(record: unknown): void {
    const { context } = this
    if (this.alone > 0) {
      this.alone -= 1
      context.emit({ kind: 'alone', record } satisfies Alone)
      return
    }
    const startMs = this.slices.startOf(context.time.recordMs)
    if (startMs !== this.sliceMs && !this.open(startMs)) {
      context.emit({ kind: 'alone', record } satisfies Alone)
      return
    }
    this.add(record)
  }

  watermarkOut(atMs: number, idle: boolean): WatermarkOut {
    // An idle input is not waited for: what is still here would come late.
    this.send(idle ? Infinity : atMs)
    return { atMs, idle }
  }

  flush(): void {
    this.send(Infinity)
  }

  /** False where the slice is past. */
  private open(startMs: number): boolean {
    let slice = this.bySlice.get(startMs)
    if (!slice) {
      if (this.slices.endOf(startMs) - 1 <= this.context.clock.watermarkMs) return false
      slice = new Map()
      this.bySlice.set(startMs, slice)
    }
    this.sliceMs = startMs
    this.slice = slice
    return true
  }

  private add(record: unknown): void {
    const { accumulation, slice } = this
    let key: Key
    try {
      key = this.keyOf(record as never)
    } catch (cause) {
      throw keySelectorThrew(this.context.step, cause)
    }
    let name: unknown
    try {
      name = mapKey(key)
    } catch (cause) {
      throw operatorThrew(this.context.step, cause)
    }
    this.records += 1
    const bundling = slice.get(name)
    if (bundling) {
      bundling.accumulator = accumulation.add(bundling.accumulator, record)
      return
    }
    slice.set(name, { key: copyKey(key), accumulator: accumulation.first(record) })
    this.held += 1
    this.made += 1
    if (this.held < limits.bundlesMax) return
    if (this.records < 2 * this.made) this.alone = aloneFor * limits.bundlesMax
    this.records = this.made = 0
    this.send(Infinity)
  }

  /** The bundles of all slices that end by then, each at its slice's last millisecond. */
  private send(untilMs: number): void {
    if (this.held === 0) return
    const { time, emit } = this.context
    const beforeMs = time.recordMs
    for (const [startMs, slice] of this.bySlice) {
      const lastMs = this.slices.endOf(startMs) - 1
      if (lastMs > untilMs) continue
      time.recordMs = lastMs
      for (const { key, accumulator } of slice.values()) {
        emit({ kind: 'bundle', key, startMs, accumulator } satisfies Bundle)
      }
      this.held -= slice.size
      this.bySlice.delete(startMs)
    }
    time.recordMs = beforeMs
    this.sliceMs = NaN
  }
}
