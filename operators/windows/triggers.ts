/** When a window emits a pane, that is, its result so far. */
import { checkWhole, windowIllegal } from './errors.ts'

export type Trigger =
  | { readonly kind: 'watermark' }
  | { readonly kind: 'every-ms'; readonly everyMs: number }
  | { readonly kind: 'every-count'; readonly everyCount: number }
  | { readonly kind: 'record' }

/**
 * Once, when the window is complete: the watermark (or, for windows of the clock, the clock) passed its end; a
 * global window, when the input ends. Late records within the allowed lateness each emit an update.
 */
export const onWatermark = (): Trigger => Object.freeze({ kind: 'watermark' })

/**
 * Also before that: `everyMs` of the clock after the first record that no pane has shown, or after every
 * `everyCount` records. Throws ConfigError `WINDOW_ILLEGAL`.
 */
export function early(options: { readonly everyMs: number } | { readonly everyCount: number }): Trigger {
  const { everyMs, everyCount } = options as { everyMs?: number; everyCount?: number }
  if (everyMs !== undefined && everyCount === undefined) {
    return Object.freeze({ kind: 'every-ms', everyMs: checkWhole('early', 'everyMs', everyMs) })
  }
  if (everyCount !== undefined && everyMs === undefined) {
    return Object.freeze({
      kind: 'every-count',
      everyCount: checkWhole('early', 'everyCount', everyCount),
    })
  }
  throw windowIllegal('early needs either everyMs or everyCount')
}

/** After every record, and not again when the window is complete: nothing would be new. */
export const everyRecord = (): Trigger => Object.freeze({ kind: 'record' })
