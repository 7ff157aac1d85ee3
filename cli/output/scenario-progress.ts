/** The bar that a running scenario shows. */
import type { ScenarioEvent } from '../../scenarios/harness/scenario/events.ts'
import { counted, grouped } from './numbers.ts'
import { Rate } from './rate.ts'

const barCells = 20

export class ScenarioProgress {
  private readonly rate = new Rate()
  private total = 0
  private kills = 0
  private killsPlanned = 0
  private records = 0
  private checkpoints = 0
  private restarts = 0
  private over = false

  observe(event: ScenarioEvent): void {
    if (event.event === 'scenario.started') {
      this.total = event.records
      this.killsPlanned = event.kills
    } else if (event.event === 'job.progress') this.records = event.records
    else if (event.event === 'checkpoint.completed') this.checkpoints += 1
    else if (event.event === 'job.restarting') this.restarts += 1
    else if (event.event === 'worker.killed' || event.event === 'failpoint.crashed') this.kills += 1
    else if (event.event === 'job.finished') this.over = true
  }

  text(nowMs: number): string {
    if (this.total === 0) return 'recounting …'
    if (this.over) return 'comparing …'
    const share = Math.min(1, this.records / this.total)
    const full = Math.round(share * barCells)
    return [
      `${'█'.repeat(full)}${'░'.repeat(barCells - full)} ${String(Math.floor(share * 100)).padStart(3)} %`,
      counted(this.records, 'record'),
      `${grouped(this.rate.of(this.records, nowMs))}/s`,
      counted(this.checkpoints, 'checkpoint'),
      `${this.kills}/${this.killsPlanned} kills`,
      counted(this.restarts, 'restart'),
    ].join(' · ')
  }
}
