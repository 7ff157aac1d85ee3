/** A crash at every failpoint, inside one job that restarts: the output is exact each time. */
import { describe, expect, it } from 'vitest'
import { failpointNames, type FailpointName, type Failpoints } from '../../core/ports/failpoints.ts'
import { below } from '../../core/ports/random.ts'
import { simulatedFiles } from '../../core/simulated/files.ts'
import { seededRandom } from '../../core/simulated/random.ts'
import { fileStore, MillraceError } from '../../index.ts'
import {
  CrashingFailpoints,
  eventsOf,
  ledgerFlow,
  ledgerRows,
  Pace,
  pacing,
  quickRestarts,
  runToEnd,
  visibleRows,
} from './support.ts'

/** Not passed while barriers keep their place. */
const overtaken: FailpointName = 'task.overtaken'

interface Crashing {
  readonly failpoints: Failpoints
  /** Only the final checkpoint is taken. */
  readonly finalOnly?: boolean
  /** Default: barriers keep their place. */
  readonly alignmentTimeoutMs?: number
}

async function runLedger({ failpoints, finalOnly = false, alignmentTimeoutMs }: Crashing) {
  const disk = simulatedFiles()
  const pace = new Pace()
  if (finalOnly) pace.open()
  const ran = await runToEnd(
    ledgerFlow({ pace }),
    {
      parallelism: 2,
      restart: quickRestarts,
      checkpoints: {
        everyMs: finalOnly ? null : 2,
        store: fileStore('/store'),
        ...(alignmentTimeoutMs !== undefined && { alignmentTimeoutMs }),
      },
      ports: { files: disk, failpoints },
    },
    pacing(pace),
  )
  if (ran.error) throw ran.error
  return { ran, rows: await visibleRows(disk) }
}

describe('a crash at a failpoint', () => {
  it('every name is passed in a run, so none is a dead letter', async () => {
    const failpoints = new CrashingFailpoints()
    const { rows } = await runLedger({ failpoints })
    expect(rows).toEqual(ledgerRows())
    expect(failpointNames.filter((name) => !failpoints.hits.has(name))).toEqual([overtaken])
  })

  it('C4: where barriers overtake, that is a moment too: nothing lost, nothing doubled', async () => {
    const failpoints = new CrashingFailpoints({ name: overtaken, nth: 1 })
    const { ran, rows } = await runLedger({ failpoints, alignmentTimeoutMs: 0 })
    expect(failpoints.crashes).toBe(1)
    expect(ran.result?.restarts).toBe(1)
    expect(rows).toEqual(ledgerRows())
  })

  const aligned = failpointNames.filter((name) => name !== overtaken)

  // Passed once in a run: the second hit is that of the final checkpoint's second try, which does not come.
  const once = (name: FailpointName, nth: number): boolean =>
    name === 'coordinator.before-finished' && nth > 1

  const points = aligned.flatMap((name) =>
    [1, 2].filter((nth) => !once(name, nth)).map((nth) => ({ name, nth })),
  )

  it.each(points)('$name, hit $nth: nothing lost, nothing doubled', async (point) => {
    const failpoints = new CrashingFailpoints(point)
    const { ran, rows } = await runLedger({ failpoints })
    expect(failpoints.crashes).toBe(1)
    expect(ran.result?.restarts).toBe(1)
    expect(rows).toEqual(ledgerRows())
  })

  const coordinatorOnce = (name: FailpointName): boolean => name.startsWith('coordinator.')

  it.each(points.filter(({ name, nth }) => !(coordinatorOnce(name) && nth > 1)))(
    'C10: at $name of the final checkpoint, hit $nth: exact',
    async (point) => {
      const failpoints = new CrashingFailpoints(point)
      const { ran, rows } = await runLedger({ failpoints, finalOnly: true })
      expect(failpoints.crashes).toBe(1)
      expect(ran.result?.restarts).toBe(1)
      expect(eventsOf(ran, 'checkpoint.completed').every((event) => event.final)).toBe(true)
      expect(rows).toEqual(ledgerRows())
    },
  )

  it('crashes in a row, also while restoring and committing: exact for each of 60 seeds', async () => {
    let crashes = 0
    for (let seed = 1; seed <= 60; seed += 1) {
      const failpoints = new SeededCrashes(seed, 3)
      const { ran, rows } = await runLedger({ failpoints })
      expect({ seed, rows }).toEqual({ seed, rows: ledgerRows() })
      // Two that hit one attempt are one restart.
      expect(ran.result?.restarts).toBeLessThanOrEqual(failpoints.crashes)
      crashes += failpoints.crashes
    }
    expect(crashes).toBeGreaterThan(120)
  })
})

/** Each crash is at one of the next hits, whatever its name. */
class SeededCrashes implements Failpoints {
  crashes = 0
  private readonly random
  private readonly crashesMax: number
  private countdown: number

  constructor(seed: number, crashesMax: number) {
    this.random = seededRandom(seed)
    this.crashesMax = crashesMax
    this.countdown = this.next()
  }

  hit(name: FailpointName): void {
    if (this.crashes === this.crashesMax || (this.countdown -= 1) > 0) return
    this.crashes += 1
    this.countdown = this.next()
    throw new MillraceError('CRASH', `planned crash ${this.crashes} at ${name}`, { retry: 'retry' })
  }

  private next(): number {
    return 1 + below(this.random, 25)
  }
}
