/** A scenario's verdict from what its plays gave. */
import { RecoveryTimes } from '../recovery-times.ts'
import type { ScenarioFinished, Transport } from '../verdict.ts'
import type { ScenarioEvent, ScenarioEventBody } from './events.ts'
import type { Judgement } from './judge.ts'
import type { DeclaredScenario, Play, Played } from './scenario.ts'

interface Options {
  readonly scenario: DeclaredScenario
  readonly seed: number
  readonly transport: Transport
  readonly report: (event: ScenarioEvent) => void
}

export class VerdictBuilder {
  private readonly options: Options
  private readonly recoveries = new RecoveryTimes()
  private readonly sums = { records: 0, kills: 0, restarts: 0, checkpoints: 0, tookMs: 0 }
  private readonly rows = { lost: 0, duplicated: 0, mismatched: 0 }
  private violations = 0
  private started = false

  constructor(options: Options) {
    this.options = options
  }

  add(play: Play, played: Played, judgement: Judgement): void {
    this.start(play)
    const { sums, rows } = this
    sums.records += play.records
    sums.kills += played.kills
    sums.tookMs += played.tookMs
    for (const event of played.events) {
      this.recoveries.observe(event)
      if (event.event === 'job.restarting') sums.restarts += 1
      if (event.event === 'checkpoint.completed') sums.checkpoints += 1
    }
    rows.lost += judgement.lost
    rows.duplicated += judgement.duplicated
    rows.mismatched += judgement.mismatched
    for (const body of judgement.differences) this.tell(body)
    this.violations += judgement.violations.length
    for (const text of judgement.violations) {
      this.tell({ event: 'scenario.note', text: `seed ${played.stage.seed}: ${text}` })
    }
  }

  finish(): ScenarioFinished {
    const { scenario, seed, transport } = this.options
    const { records, kills, restarts, checkpoints, tookMs } = this.sums
    const { lost, duplicated, mismatched } = this.rows
    return {
      event: 'scenario.finished',
      atMs: Date.now(),
      name: scenario.name,
      transport,
      seed,
      records,
      kills,
      restarts,
      checkpoints,
      lost,
      duplicated,
      mismatched,
      recoveryMsP50: this.recoveries.quantile(0.5),
      recoveryMsMax: this.recoveries.quantile(1),
      recordsPerSecond: tookMs === 0 ? 0 : Math.round((records * 1000) / tookMs),
      verdict: lost + duplicated + mismatched + this.violations === 0 ? 'pass' : 'fail',
    }
  }

  start({ records }: Play): void {
    if (this.started) return
    this.started = true
    const { scenario, seed, transport } = this.options
    const kills = scenario.killPoints.length
    this.tell({ event: 'scenario.started', name: scenario.name, transport, seed, records, kills })
  }

  private tell(body: ScenarioEventBody): void {
    this.options.report({ ...body, atMs: Date.now() })
  }
}
