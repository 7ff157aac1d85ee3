/** Outcomes for people, and as lines of JSON. */
import type { Outcome, Spread } from './run-bench.ts'

export function toLines(outcome: Outcome): string[] {
  const { bench } = outcome
  return [
    '',
    `${bench.title} (${bench.name}; ${bench.rounds === 1 ? '1 round' : `median of ${bench.rounds} rounds`})`,
    ...outcome.measured.map(
      ({ label, value, notes }) =>
        `  ${label.padEnd(labelWidth)} ${amount(value.median, bench.unit).padStart(16)}  ${range(value, bench.unit)}${notesOf(bench.unit, notes)}`,
    ),
    ...outcome.ratios.map(
      ({ of, to, ratio, ratioByCpu, atLeast, reached }) =>
        `  ${`${of} / ${to}`.padEnd(ratioWidth)} ${factor(ratio.median).padStart(8)}  (${factor(ratio.min)} to ${factor(ratio.max)})${byCpu(ratioByCpu)}  ${atLeast === undefined ? '' : goal(`≥ ${factor(atLeast)}`, reached)}`,
    ),
    ...outcome.limits.map(
      ({ of, note, value, atMost, reached }) =>
        `  ${`${of}, ${note ?? 'value'}`.padEnd(ratioWidth)} ${amount(value, 'ms').padStart(8)}  ${goal(`≤ ${atMost} ms`, reached)}`,
    ),
  ]
}

export function toJson(outcome: Outcome): object[] {
  const { name: bench, unit, rounds } = outcome.bench
  return [
    ...outcome.measured.map((each) => ({ event: 'bench.measured', bench, unit, rounds, ...each })),
    ...outcome.ratios.map((each) => ({ event: 'bench.ratio', bench, ...each })),
    ...outcome.limits.map((each) => ({ event: 'bench.limit', bench, ...each })),
  ]
}

const goal = (text: string, reached: boolean | undefined): string =>
  `goal ${text}: ${reached ? 'reached' : 'NOT reached'}`

const labelWidth = 26
const ratioWidth = 43

function notesOf(unit: string, notes: Readonly<Record<string, Spread>>): string {
  const shown = Object.entries(notes).filter(([name]) => name !== 'records' && name !== 'ms')
  if (shown.length === 0) return ''
  return `  ${shown.map(([name, { median }]) => `${name} ${unit === 'ms' ? short(median) : median}`).join(', ')}`
}

const short = (value: number): string => String(Math.round(value * 10) / 10)

const factor = (value: number): string => value.toFixed(value >= 10 ? 1 : value >= 0.9 && value < 1.1 ? 3 : 2)

const byCpu = (ratio: Spread | undefined): string =>
  ratio === undefined ? '' : `  by CPU ${factor(ratio.median)}`

const amount = (value: number, unit: 'records/s' | 'ms'): string =>
  unit === 'ms' ? `${value.toFixed(1)} ms` : `${(value / 1e6).toFixed(2)} M/s`

const range = ({ min, max }: Spread, unit: 'records/s' | 'ms'): string =>
  min === max ? '' : `(${amount(min, unit)} to ${amount(max, unit)})`
