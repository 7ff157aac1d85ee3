/** Fault 14: what replaces the failed fails again where it restores, by a throw or by the death of its process. */
import {
  scenario,
  type DeclaredScenario,
  type Play,
  type Played,
  type Stage,
} from '../harness/scenario/scenario.ts'
import type { KillPoint } from '../harness/scenario/kill-point.ts'
import type { Transport } from '../harness/verdict.ts'
import { bank } from '../workloads/bank.ts'

interface Entry {
  readonly name: string
  readonly promise: string
  readonly how: 'throw' | 'kill'
  /** Restores in a row that fail. */
  readonly times: number
  readonly restartsMax: number
  /** Default: the job goes on once one succeeds. */
  readonly failsWith?: string
  readonly transports?: readonly [Transport, ...Transport[]]
}

const restart = { delayMs: 10, delayMsMax: 2_000, withinMs: 60_000 } as const

/** In the second checkpoint; then once the sink's task restores, so many times in all, each in another attempt. */
const killsOf = ({ how, times }: Entry): readonly KillPoint[] => [
  { at: 'task.captured', role: 'worker', how, hit: 14 },
  ...Array.from({ length: times }, (_, index): KillPoint => {
    return { at: 'task.restoring', role: 'worker', how, task: 'last', hit: 2 + index }
  }),
]

/** The first at once, each of those that follow after more than the one before; nothing is early. */
function checkDelays({ events }: Played, restarts: number): readonly string[] {
  const found = events.flatMap((event) => (event.event === 'job.restarting' ? [event] : []))
  const delays = found.map(({ delayMs }) => delayMs)
  const violations: string[] = []
  if (found.length !== restarts) violations.push(`expected ${restarts} restarts, found ${found.length}`)
  if (delays[0] !== 0 || delays.some((delayMs, i) => i > 0 && delayMs <= (delays[i - 1] ?? 0)))
    violations.push(`expected restarts to wait longer each time, from 0 ms, found ${delays.join(', ')}`)
  found.forEach(({ atMs, delayMs }, i) => {
    const next = found[i + 1]
    // Clocks and timers are of whole milliseconds.
    if (next && next.atMs - atMs < delayMs - 2)
      violations.push(`expected to wait ${delayMs} ms, found ${next.atMs - atMs} until the next`)
  })
  return violations
}

const checkGivenUp = ({ failures }: Played, restartsMax: number): readonly string[] =>
  failures.at(-1)?.message.includes(`${restartsMax} restarts in a row without a completed checkpoint`) ===
  true
    ? []
    : [`expected the failure to name restart.restartsMax, found ${failures.at(-1)?.message}`]

const playOf =
  (entry: Entry) =>
  (stage: Stage): Play => {
    const play = bank({ padChars: 2_000 })(stage)
    const { failsWith, restartsMax, times } = entry
    return {
      ...play,
      check: async (played) => [
        ...((await play.check?.(played)) ?? []),
        ...checkDelays(played, failsWith === undefined ? times + 1 : restartsMax),
        ...(failsWith === undefined ? [] : checkGivenUp(played, restartsMax)),
      ],
    }
  }

const entries: readonly Entry[] = [
  {
    name: 'replacement-fails-five-times',
    promise: 'restarts wait longer each time, and the job goes on once one succeeds',
    how: 'throw',
    times: 5,
    restartsMax: 6,
  },
  {
    name: 'replacement-never-succeeds',
    promise: 'after so many restarts without a checkpoint the job fails with what was wrong',
    how: 'throw',
    times: 4,
    restartsMax: 4,
    failsWith: 'CRASH',
  },
  {
    name: 'replacement-killed-each-time',
    promise: 'a worker that is killed whenever it restores is replaced, each time later, until one lives',
    how: 'kill',
    times: 3,
    restartsMax: 4,
    transports: ['simulated', 'nats'],
  },
  {
    name: 'replacement-killed-for-ever',
    promise: 'a worker that is killed whenever it restores fails the job after so many restarts',
    how: 'kill',
    times: 3,
    restartsMax: 3,
    failsWith: 'WORKER_LOST',
    transports: ['simulated', 'nats'],
  },
]

export const replacements: readonly DeclaredScenario[] = entries.map((entry) =>
  scenario(
    entry.name,
    {
      group: 'protocol',
      faults: [14],
      promise: entry.promise,
      module: import.meta.url,
      ...(entry.transports && { transports: entry.transports }),
      kill: killsOf(entry),
      run: { restart: { ...restart, restartsMax: entry.restartsMax } },
      ...(entry.failsWith !== undefined && { ends: { failsWith: entry.failsWith } }),
    },
    playOf(entry),
  ),
)
