import type { ScenarioFinished } from '../../scenarios/harness/verdict.ts'
import { duration, grouped } from './numbers.ts'

/** The verdict as two columns, the judgement last. */
export function verdictTable(verdict: ScenarioFinished): string {
  const { recoveryMsP50, recoveryMsMax } = verdict
  const time = (ms: number | null): string => (ms === null ? 'none' : duration(ms))
  const rows: readonly (readonly [string, string])[] = [
    ['scenario', verdict.name],
    ['transport', verdict.transport],
    ['seed', String(verdict.seed)],
    ['records', grouped(verdict.records)],
    ['kills', grouped(verdict.kills)],
    ['restarts', grouped(verdict.restarts)],
    ['checkpoints', grouped(verdict.checkpoints)],
    ['recovery, p50 / max', `${time(recoveryMsP50)} / ${time(recoveryMsMax)}`],
    ['records/s, kills included', grouped(verdict.recordsPerSecond)],
    ['lost', grouped(verdict.lost)],
    ['duplicated', grouped(verdict.duplicated)],
    ['mismatched', grouped(verdict.mismatched)],
    ['verdict', verdict.verdict === 'pass' ? 'PASS: equal to the recount to the last row' : 'FAIL'],
  ]
  const width = Math.max(...rows.map(([label]) => label.length))
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join('\n')
}
