/** What can be said about windows beside their assigner. */
import { ConfigError } from '../../core/errors.ts'
import type { WindowAssigner, WindowDomain } from './assigners.ts'
import { windowIllegal } from './errors.ts'
import { onWatermark, type Trigger } from './triggers.ts'

/** `accumulate`: each pane is the window's whole result so far. `discard`: of the records since the last pane. */
export type Panes = 'accumulate' | 'discard'

interface AnyWindowOptions {
  /** Default `onWatermark()`. */
  readonly trigger?: Trigger
  /** Default `accumulate`. */
  readonly panes?: Panes
}

export type WindowOptions<D extends WindowDomain = WindowDomain> = AnyWindowOptions &
  ([D] extends ['event']
    ? {
        /** How long after its end a window still takes records, in ms of event time. Default 0. */
        readonly allowedLatenessMs?: number
      }
    : unknown)

export interface ResolvedWindowOptions {
  readonly allowedLatenessMs: number
  readonly trigger: Trigger
  readonly panes: Panes
}

const triggers: readonly Trigger['kind'][] = ['watermark', 'every-ms', 'every-count', 'record']

/** Throws ConfigError `WINDOW_ILLEGAL` or `LATENESS_ILLEGAL`. */
export function resolveWindowOptions(
  name: string,
  assigner: WindowAssigner,
  options: WindowOptions<'event'> = {},
): ResolvedWindowOptions {
  const { allowedLatenessMs = 0, trigger = onWatermark(), panes = 'accumulate' } = options
  if (options.allowedLatenessMs !== undefined && assigner.domain !== 'event') {
    throw new ConfigError(
      'LATENESS_ILLEGAL',
      `window '${name}' has allowedLatenessMs, but its records have no event time to be late by; leave it out, or use windows of event time`,
    )
  }
  if (!Number.isSafeInteger(allowedLatenessMs) || allowedLatenessMs < 0) {
    throw new ConfigError(
      'LATENESS_ILLEGAL',
      `allowedLatenessMs of window '${name}' must be a whole number ≥ 0, got ${String(allowedLatenessMs)}`,
    )
  }
  if (!triggers.includes((trigger as Partial<Trigger> | null)?.kind as Trigger['kind'])) {
    throw windowIllegal(
      `trigger of window '${name}' must be what onWatermark, early or everyRecord returns, got ${typeof trigger}`,
    )
  }
  if (panes !== 'accumulate' && panes !== 'discard') {
    throw windowIllegal(
      `panes of window '${name}' must be 'accumulate' or 'discard', got ${JSON.stringify(panes)}`,
    )
  }
  if (assigner.kind === 'count' && (options.trigger !== undefined || options.panes !== undefined)) {
    throw windowIllegal(
      `window '${name}' of countWindow emits when it is full and begins anew: it takes no trigger and no panes`,
    )
  }
  return { allowedLatenessMs, trigger, panes }
}
