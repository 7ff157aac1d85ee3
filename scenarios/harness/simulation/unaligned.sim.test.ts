import { describe, expect, it } from 'vitest'
import type { RunOptions } from '../../../actors/options.ts'
import { fileStore } from '../../../snapshot/stores/file-store.ts'
import { checkCuts } from '../checkers/cut.ts'
import { storeFolder } from './folders.ts'
import { drawFaults, resolveRates } from './draw-faults.ts'
import { runSchedule } from './schedule.ts'
import { simulate } from './simulate.ts'
import { branching, merging, spreading } from './testing/flows.ts'
import { converging, timing } from './testing/timed-flows.ts'
import { windowed } from './testing/windowed-flows.ts'
import { relayHop, relaying } from './testing/relay-flow.ts'

/** `SEEDS=5000 FROM=1 npx vitest run scenarios/harness/simulation/unaligned` for more. */
const seeds = Number(process.env.SEEDS ?? 40)
const from = Number(process.env.FROM ?? 1)
const livenessMs = 600_000
/** The checker reads the store as it is left. */
const rates = resolveRates({ bitRot: 0 })

const runWith = (alignmentTimeoutMs: number | null, keep = 3): RunOptions => ({
  workers: 2,
  parallelism: 2,
  keyGroups: 16,
  checkpoints: { everyMs: 10, failuresMax: 1000, timeoutMs: 2_000, keep, alignmentTimeoutMs },
  restart: { restartsMax: 1000, delayMsMax: 100, withinMs: 1_000_000 },
})

describe('unaligned checkpoints, simulated', { timeout: 3_600_000 }, () => {
  it.each([
    ['merging, at once', merging, 0],
    ['branching, after a while', branching, 3],
    ['spreading, at once', spreading, 0],
    ['relaying, after a while', relaying, 2],
    ['timing, at once', timing, 0],
    ['converging, after a while', converging, 2],
    ['windowed, at once', windowed, 0],
  ] as const)(
    'C4: whatever fails, the output is that of a run without failures: %s',
    async (_, makeFlow, alignmentTimeoutMs) => {
      const report = await simulate(makeFlow, { seeds, from, run: runWith(alignmentTimeoutMs) })
      const found = report.violations.map(({ seed, what, trace, timeline }) =>
        [`seed ${seed}: ${what}`, trace, ...timeline.slice(-40)].join('\n'),
      )
      expect(found).toEqual([])
      expect(report.counts['checkpoint with channel state']).toBeGreaterThan(seeds)
    },
  )

  it.each([
    ['unaligned at once', 0],
    ['unaligned after a while', 3],
    ['aligned', null],
  ] as const)(
    'C4: every checkpoint is a consistent cut, channel state = sent − received: %s',
    async (_, timeoutMs) => {
      const run = runWith(timeoutMs, 10_000)
      const sums = { checkpoints: 0, unaligned: 0, onTheWay: 0 }
      for (let seed = from; seed < from + seeds; seed += 1) {
        const faults = drawFaults(seed, rates)
        const { world, stuck } = await runSchedule(relaying(1), { seed, faults, run, livenessMs })
        const store = await fileStore(storeFolder).open(world.disk)
        const { violations, ...found } = await checkCuts(store, [relayHop])
        expect([seed, stuck, violations]).toEqual([seed, undefined, []])
        sums.checkpoints += found.checkpoints
        sums.unaligned += found.unaligned
        sums.onTheWay += found.onTheWay
      }
      expect(sums.checkpoints).toBeGreaterThan(seeds)
      expect(sums.unaligned > 0).toBe(timeoutMs !== null)
      expect(sums.onTheWay > seeds * 10).toBe(timeoutMs !== null)
    },
  )
})
