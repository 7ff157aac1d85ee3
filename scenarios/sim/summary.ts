/** What many shares came to, and how it is printed. */
import { failpointNames } from '../../core/ports/failpoints.ts'
import { roles } from '../harness/simulation/roles.ts'
import type { SimulationReport } from '../harness/simulation/simulate.ts'
import type { Share } from './share.ts'

interface FlowSum {
  schedules: number
  seconds: number
}

export class Summary {
  schedules = 0
  violations = 0
  private readonly counts = new Map<string, number>()
  private readonly flows = new Map<string, FlowSum>()
  private readonly startedMs = Date.now()

  add({ flow }: Share, report: SimulationReport): void {
    this.schedules += report.schedules
    this.violations += report.violations.length
    for (const [name, count] of Object.entries(report.counts)) this.counts.set(name, this.of(name) + count)
    const sum = this.flows.get(flow) ?? { schedules: 0, seconds: 0 }
    sum.schedules += report.schedules
    sum.seconds += report.schedules / report.schedulesPerSecond
    this.flows.set(flow, sum)
  }

  get perSecond(): number {
    return Math.round((this.schedules * 1000) / Math.max(1, Date.now() - this.startedMs))
  }

  lines(): string[] {
    return [
      'faults injected',
      ...this.table('fault '),
      'what happened',
      ...this.rows([...this.counts.keys()].filter((name) => !/^(fault|point|crash) /.test(name))),
      'protocol points: how often each role came there, and in brackets was crashed or stopped there',
      ...this.matrix(),
      'schedules a second on one core',
      ...[...this.flows].map(
        ([flow, { schedules, seconds }]) => `  ${flow.padEnd(34)} ${(schedules / seconds).toFixed(0)}`,
      ),
      `${this.schedules} schedules, ${this.perSecond} a second, ${this.violations} violations`,
    ]
  }

  private of(name: string): number {
    return this.counts.get(name) ?? 0
  }

  private table(prefix: string): string[] {
    return this.rows([...this.counts.keys()].filter((name) => name.startsWith(prefix)))
  }

  private rows(names: readonly string[]): string[] {
    return [...names].sort().map((name) => `  ${name.replace(/^fault /, '').padEnd(34)} ${this.of(name)}`)
  }

  private matrix(): string[] {
    const head = `  ${''.padEnd(30)}${roles.map((role) => role.padStart(20)).join('')}`
    const rows = failpointNames.map((point) => {
      const cells = roles.map((role) => {
        const [hits, crashes] = [this.of(`point ${point} @${role}`), this.of(`crash ${point} @${role}`)]
        return (hits === 0 ? '–' : `${hits} (${crashes})`).padStart(20)
      })
      return `  ${point.padEnd(30)}${cells.join('')}`
    })
    return [head, ...rows]
  }
}
