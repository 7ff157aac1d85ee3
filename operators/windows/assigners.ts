/**
 * Which windows a record belongs to, as data. Times are whole milliseconds since the epoch and may be negative;
 * a window holds the times from its start up to, not including, its end.
 */
import type { TimeKind } from '../event-time.ts'
import { limits } from '../../core/limits.ts'
import { checkWhole, windowIllegal } from './errors.ts'

/** What a record's time is: its event time, or the clock's when it is worked on. */
export type WindowTime = 'event' | 'clock'
/** What an assigner needs of its stream; `none`: no time at all. */
export type WindowDomain = WindowTime | 'none'

/** Windows of one size at a set distance. */
export interface FixedWindows<D extends WindowTime = WindowTime> {
  readonly kind: 'fixed'
  readonly domain: D
  readonly sizeMs: number
  readonly slideMs: number
  readonly offsetMs: number
}
export interface SessionWindows<D extends WindowTime = WindowTime> {
  readonly kind: 'session'
  readonly domain: D
  readonly gapMs: number
}
export interface GlobalWindow {
  readonly kind: 'global'
  readonly domain: 'none'
}
export interface CountWindows {
  readonly kind: 'count'
  readonly domain: 'none'
  readonly size: number
}

/** The windows that a stream can be cut into: without event time, only those that need none. */
export type AssignerFor<Time extends TimeKind> = Time extends 'event'
  ? WindowAssigner
  : FixedWindows<'clock'> | SessionWindows<'clock'> | GlobalWindow | CountWindows

/** What `tumbling`, `sliding`, `session`, `globalWindow` and `countWindow` return. */
export type WindowAssigner = TimeWindows | GlobalWindow | CountWindows
/** Windows with a start and an end. */
export type TimeWindows = FixedWindows | SessionWindows

export interface TumblingOptions<D extends WindowTime = WindowTime> {
  /** Length of a window, in ms. */
  readonly sizeMs: number
  /** Where windows begin, in ms from the epoch: −3,600,000 for days of UTC+1. Smaller than a window. Default 0. */
  readonly offsetMs?: number
  /** Default `event`. */
  readonly time?: D
}

export interface SlidingOptions<D extends WindowTime = WindowTime> extends TumblingOptions<D> {
  /** From one window's start to the next one's, in ms; at most `sizeMs`. */
  readonly slideMs: number
}

export interface SessionOptions<D extends WindowTime = WindowTime> {
  /** Silence that ends a session, in ms: a record this much later than the last one begins the next session. */
  readonly gapMs: number
  /** Default `event`. */
  readonly time?: D
}

/** Windows that follow each other without overlap. Throws ConfigError `WINDOW_ILLEGAL`. */
export function tumbling<D extends WindowTime = 'event'>(options: TumblingOptions<D>): FixedWindows<D> {
  const sizeMs = checkWhole('tumbling', 'sizeMs', options.sizeMs)
  return fixed('tumbling', { ...options, sizeMs, slideMs: sizeMs })
}

/**
 * Windows that overlap: each record is in about `sizeMs / slideMs` of them. Throws ConfigError `WINDOW_ILLEGAL`,
 * also where that is more than one call may emit.
 */
export function sliding<D extends WindowTime = 'event'>(options: SlidingOptions<D>): FixedWindows<D> {
  const sizeMs = checkWhole('sliding', 'sizeMs', options.sizeMs)
  const slideMs = checkWhole('sliding', 'slideMs', options.slideMs)
  if (slideMs > sizeMs) {
    throw windowIllegal(
      `sliding windows of ${sizeMs} ms every ${slideMs} ms would leave records out; slideMs must be at most sizeMs`,
    )
  }
  if (sizeMs / slideMs > limits.windowsPerRecordMax) {
    throw windowIllegal(
      `sliding windows of ${sizeMs} ms every ${slideMs} ms put each record into ${Math.ceil(sizeMs / slideMs)} windows; at most ${limits.windowsPerRecordMax} are allowed`,
    )
  }
  return fixed('sliding', { ...options, sizeMs, slideMs })
}

/**
 * Windows of activity: a session reaches from its first record's time to `gapMs` after its last one's, and
 * sessions that overlap are one. Throws ConfigError `WINDOW_ILLEGAL`.
 */
export function session<D extends WindowTime = 'event'>(options: SessionOptions<D>): SessionWindows<D> {
  const gapMs = checkWhole('session', 'gapMs', options.gapMs)
  return Object.freeze({ kind: 'session', domain: domainOf('session', options.time), gapMs })
}

/** One window a key, without an end: it speaks when its trigger says so, and when the input ends. */
export const globalWindow = (): GlobalWindow => Object.freeze({ kind: 'global', domain: 'none' })

/** Every `size` records of a key, in order of arrival. What has not come to `size` at the end is not emitted. */
export function countWindow(options: { readonly size: number }): CountWindows {
  return Object.freeze({
    kind: 'count',
    domain: 'none',
    size: checkWhole('countWindow', 'size', options.size),
  })
}

function fixed<D extends WindowTime>(maker: string, options: SlidingOptions<D>): FixedWindows<D> {
  const { sizeMs, slideMs, offsetMs = 0 } = options
  if (!Number.isSafeInteger(offsetMs) || Math.abs(offsetMs) >= slideMs) {
    throw windowIllegal(
      `offsetMs of ${maker} must be a whole number between −${slideMs} and ${slideMs} (both excluded), got ${offsetMs}`,
    )
  }
  return Object.freeze({ kind: 'fixed', domain: domainOf(maker, options.time), sizeMs, slideMs, offsetMs })
}

function domainOf<D extends WindowTime>(maker: string, time: D | undefined): D {
  // `time` is absent only where D is its default.
  const domain = time ?? ('event' as D)
  if (domain === 'event' || domain === 'clock') return domain
  throw windowIllegal(`time of ${maker} must be 'event' or 'clock', got ${JSON.stringify(time)}`)
}

export function checkAssigner<A extends WindowAssigner>(name: string, assigner: A): A {
  const kinds: readonly unknown[] = ['fixed', 'session', 'global', 'count'] satisfies WindowAssigner['kind'][]
  if (kinds.includes((assigner as Partial<WindowAssigner> | undefined)?.kind)) return assigner
  throw windowIllegal(
    `window '${name}' needs what tumbling, sliding, session, globalWindow or countWindow returns, got ${typeof assigner}`,
  )
}
