/** What goes wrong on purpose: kills of worker processes over NATS, crashes at failpoints in memory. */
import type { Failpoints, JobEvent } from '../../index.ts'
import { FailpointCrasher } from '../harness/failpoint-crasher.ts'
import { planKills } from '../harness/kill-plan.ts'
import { RecoveryTimes } from '../harness/recovery-times.ts'
import type { Transport } from '../harness/verdict.ts'
import { WorkerKiller } from '../harness/worker-killer.ts'
import type { ScenarioEventBody } from '../harness/scenario/events.ts'

export interface Faults {
  /** Faults that took effect so far. */
  readonly landed: number
  readonly recoveries: RecoveryTimes
  readonly failpoints: Failpoints
  observe(event: JobEvent): void
  close(): void
}

export interface FaultsOptions {
  readonly seed: number
  readonly transport: Transport
  readonly kills: number
  /** Records of the input. */
  readonly records: number
  readonly everyMs: number
  readonly tell: (body: ScenarioEventBody) => void
}

export function makeFaults({ seed, transport, kills, records, everyMs, tell }: FaultsOptions): Faults {
  const recoveries = new RecoveryTimes()
  const crasher = new FailpointCrasher({
    seed,
    crashes: transport === 'memory' ? kills : 0,
    records,
    told: (crashed) => tell({ event: 'failpoint.crashed', ...crashed }),
  })
  const killer = new WorkerKiller(
    planKills({ seed, kills: transport === 'nats' ? kills : 0, records, everyMs }),
    (killed) => tell({ event: 'worker.killed', ...killed }),
  )
  return {
    get landed() {
      return killer.kills + crasher.crashes
    },
    recoveries,
    failpoints: crasher,
    observe(event) {
      recoveries.observe(event)
      killer.observe(event)
      crasher.observe(event)
    },
    close: () => killer.close(),
  }
}
