/** For tests: random histories of two streams: disorder, late records, watermarks, restarts. */
import type fc from 'fast-check'
import type { StepDriver } from '../../testing/driver.ts'

export interface Row {
  readonly id: number
  readonly key: string
  readonly atMs: number
}

export type Action =
  | { readonly kind: 'left' | 'right'; readonly key: string; readonly atMs: number }
  | { readonly kind: 'watermark'; readonly byMs: number }
  | { readonly kind: 'restart' }

/** `check` is the library itself: what is published does not load it. */
export const histories = (check: typeof fc): fc.Arbitrary<Action[]> => {
  const record = (kind: 'left' | 'right') =>
    check.record({
      kind: check.constant(kind),
      key: check.constantFrom('a', 'b'),
      // Around the watermark: some are late, some of equal times.
      atMs: check.integer({ min: -3, max: 12 }),
    })
  const watermark = check.record({ kind: check.constant('watermark' as const), byMs: check.nat(8) })
  return check.array(
    check.oneof(
      { weight: 5, arbitrary: record('left') },
      { weight: 5, arbitrary: record('right') },
      { weight: 3, arbitrary: watermark },
      { weight: 1, arbitrary: check.constant({ kind: 'restart' as const }) },
    ),
    { maxLength: 40 },
  )
}

export interface Played {
  /** On time, in the order of arrival, each with the watermark at that moment. */
  readonly left: readonly Arrived[]
  readonly right: readonly Arrived[]
  readonly all: readonly Arrived[]
}

export interface Arrived extends Row {
  readonly side: 'left' | 'right'
  readonly watermarkMs: number
}

/** Plays the actions, then ends the input. Times are relative to where the watermark is. */
export function play(driver: StepDriver, actions: readonly Action[]): Played {
  const all: Arrived[] = []
  for (const action of actions) {
    const now = driver.watermark === -Infinity ? 0 : driver.watermark
    if (action.kind === 'watermark') driver.advance(now + action.byMs)
    else if (action.kind === 'restart') driver.restart()
    else {
      const row = { id: all.length, key: action.key, atMs: now + action.atMs }
      all.push({ ...row, side: action.kind, watermarkMs: driver.watermark })
      if (action.kind === 'left') driver.first(row, row.atMs)
      else driver.second(row, row.atMs)
    }
  }
  driver.advance(Infinity)
  return {
    all,
    left: all.filter(({ side }) => side === 'left'),
    right: all.filter(({ side }) => side === 'right'),
  }
}

export const keys = {
  left: (row: Row): string => row.key,
  right: (row: Row): string => row.key,
}

/** A pair as text, `-` for what is missing. */
export const pairText = (left: Row | undefined, right: Row | undefined): string =>
  `${left?.key ?? right?.key}: ${left?.id ?? '-'} ${right?.id ?? '-'}`
