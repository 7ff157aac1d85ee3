/** Whether the cost stays flat as things grow: keys, tasks, checkpoints. Numbers of goals as in README.md. */
import type { Bench, RatioWanted, Sizes } from './harness/bench.ts'

/** Flat: within a fifth. */
const flat = 0.8

export const growthBenches = (sizes: Sizes): Bench[] => [keys(sizes), tasks(sizes), checkpoints(sizes)]

const windowOf = ({ quick }: Sizes) => ({
  warmMs: quick ? 50 : 1_000,
  measureMs: quick ? 100 : 3_000,
  checkpointsMin: 1,
  everyMs: null,
})

/** Each to the first. */
const toFirst = (labels: readonly string[]): RatioWanted[] =>
  labels.slice(1).map((of) => ({ of, to: labels[0] ?? '', atLeast: flat }))

function keys(sizes: Sizes): Bench {
  const counts = sizes.quick ? [1_000, 10_000] : [1_000, 100_000, 1_000_000, 10_000_000]
  const label = (count: number): string => `${count} keys`
  return {
    name: 'growth-keys',
    title: 'Keyed count in one process by number of keys',
    unit: 'records/s',
    rounds: Math.min(sizes.rounds, 3),
    entrants: counts.map((count) => ({
      label: label(count),
      contender: 'steady-throughput',
      params: { ...windowOf(sizes), keys: count, made: 'late' },
    })),
    ratios: toFirst(counts.map(label)),
  }
}

function tasks(sizes: Sizes): Bench {
  const counts = sizes.quick ? [1, 4] : [1, 2, 8, 64]
  const label = (count: number): string => `${count} tasks`
  const labels = counts.map(label)
  return {
    name: 'growth-tasks',
    title: 'Keyed count in one process by number of tasks of each step, 1,000 keys',
    unit: 'records/s',
    rounds: Math.min(sizes.rounds, 3),
    entrants: counts.map((parallelism) => ({
      label: label(parallelism),
      contender: 'steady-throughput',
      params: { ...windowOf(sizes), keys: 1_000, parallelism },
    })),
    // One task is a loop without a link in it; from two on, records change tasks.
    ratios: [...toFirst(labels), ...toFirst(labels.slice(1))],
  }
}

function checkpoints({ quick, rounds }: Sizes): Bench {
  const many = quick ? 60 : 10_000
  const measured = quick ? 10 : 500
  const entrants = [
    { label: 'first 10, 10 kept', taken: 10, keep: 10 },
    { label: `after ${many}, 10 kept`, taken: many, keep: 10 },
    { label: `after ${many}, all kept`, taken: many, keep: 10 * many },
  ]
  const [few, ...more] = entrants.map(({ label }) => label)
  return {
    name: 'growth-checkpoints',
    title: 'A checkpoint of next to nothing, by how many were taken and kept',
    unit: 'ms',
    rounds: Math.min(rounds, 1),
    entrants: entrants.map(({ label, taken, keep }) => ({
      label,
      contender: 'retained',
      params: { taken, keep, measured },
    })),
    // In milliseconds, so the other way round.
    ratios: more.map((to) => ({ of: few ?? '', to, atLeast: flat })),
  }
}
