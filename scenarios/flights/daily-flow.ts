/** The main job: flights per airport and day, and every flight that was two hours late. */
import { join } from 'node:path'
import { flow, fromParquet, mapCell, operator, toJsonl, type Flow } from '../../index.ts'
import { parseFlight, type Flight } from './flight.ts'

export interface FlightsPaths {
  /** Parquet: date, delay, distance, origin, destination. */
  readonly file: string
  /** Gets `daily/` and `late/`. */
  readonly out: string
}

/** One airport's day. */
export interface DailyRow {
  readonly origin: string
  /** `2001-01-31`, UTC. */
  readonly day: string
  readonly flights: number
  /** Flights delayed by more than 15 minutes. */
  readonly delayed: number
  /** Minutes; early flights count below zero. */
  readonly delaySum: number
  readonly delayMax: number
  readonly delayMean: number
}

interface DayTotals {
  flights: number
  delayed: number
  delaySum: number
  delayMax: number
}

const delayedMinutes = 15
const lateMinutes = 120
const dayMs = 86_400_000

const daily = operator<string, Flight, DailyRow>()({
  state: { days: mapCell<number, DayTotals>() },
  onRecord({ state }, { atMs, delay }) {
    const day = Math.floor(atMs / dayMs)
    const totals = state.days.get(day)
    const late = delay > delayedMinutes ? 1 : 0
    if (totals === undefined) {
      state.days.set(day, { flights: 1, delayed: late, delaySum: delay, delayMax: delay })
    } else {
      totals.flights += 1
      totals.delayed += late
      totals.delaySum += delay
      if (delay > totals.delayMax) totals.delayMax = delay
    }
  },
  onEnd(context) {
    for (const [day, totals] of context.state.days.entries()) {
      context.emit({
        origin: context.key,
        day: new Date(day * dayMs).toISOString().slice(0, 10),
        ...totals,
        delayMean: totals.delaySum / totals.flights,
      })
    }
  },
})

export function flightsFlow({ file, out }: FlightsPaths): Flow {
  const flights = flow('flights')
  const parsed = flights.source('read', fromParquet(file)).map('parse', parseFlight)
  parsed
    .keyBy('by-origin', ({ origin }) => origin)
    .process('daily', daily)
    .sink('daily-rows', toJsonl(join(out, 'daily')))
  // Output at every checkpoint, not only at the end: kills meet staged and half-committed files.
  parsed.filter('late', ({ delay }) => delay >= lateMinutes).sink('late-rows', toJsonl(join(out, 'late')))
  return flights
}
