/** What happens to a step whose state goes by time: records around the present, time that passes, restarts. */
import type fc from 'fast-check'
import type { TimerDomain } from '../state/timers.ts'
import type { StepDriver } from './driver.ts'

type Entry<R> = R | { readonly byMs: number } | 'restart'

/** `check` is the library itself: what is published does not load it. */
export const scripts = <R extends object>(
  check: typeof fc,
  record: fc.Arbitrary<R>,
): fc.Arbitrary<Entry<R>[]> =>
  check.array(
    check.oneof(
      { weight: 8, arbitrary: record },
      { weight: 3, arbitrary: check.record({ byMs: check.nat(15) }) },
      { weight: 1, arbitrary: check.constant('restart' as const) },
    ),
    { maxLength: 60, size: 'max' },
  )

/** From time 0 on; at the end time passes for long. `id` is the record's place in the script. */
export function play<R extends object>(
  script: readonly Entry<R>[],
  step: StepDriver,
  time: TimerDomain,
  tell: {
    readonly record: (record: R, id: number, nowMs: number) => void
    readonly reached?: (nowMs: number) => void
  },
): void {
  let nowMs = 0
  const pass = (byMs: number): void => {
    nowMs += byMs
    if (time === 'event') step.advance(nowMs)
    else step.tick(nowMs)
    tell.reached?.(nowMs)
  }
  step.tick(0)
  script.forEach((each, id) => {
    if (each === 'restart') step.restart()
    else if ('byMs' in each) pass(each.byMs)
    else tell.record(each, id, nowMs)
  })
  pass(1_000)
}
