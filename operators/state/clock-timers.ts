import { MillraceError } from '../../core/errors.ts'
import type { StepName } from '../../core/ids.ts'
import type { KeyTimers } from './timers.ts'

/** Event time is missing where no `eventTime` step comes before; `what` was asked for. */
export const eventTimeMissing = (step: StepName, what: string): MillraceError =>
  new MillraceError(
    'EVENT_TIME_MISSING',
    `'${step}' asked for ${what}, but no event time comes to it; put .eventTime(name, { atMs }) before it`,
    { retry: 'fatal', details: { step } },
  )

/** The timers of a step without event time. */
export const clockTimersOnly = (step: StepName, timers: KeyTimers): KeyTimers => ({
  at() {
    throw eventTimeMissing(step, 'an event-time timer')
  },
  atClock: (name, atMs) => timers.atClock(name, atMs),
  delete: (name) => timers.delete(name),
})
