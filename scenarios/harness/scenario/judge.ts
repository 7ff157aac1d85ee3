/** Whether what was played kept the promise. Looks at output, store and events alone. */
import { listCheckpoints } from '../../../actors/inspect.ts'
import { canonical, compareRows } from '../compare.ts'
import { checkCommitted } from '../checkers/committed.ts'
import type { ScenarioEventBody } from './events.ts'
import type { DeclaredScenario, Play, Played } from './scenario.ts'
import { visibleFiles, visibleRows } from './visible.ts'

export interface Judgement {
  readonly lost: number
  readonly duplicated: number
  readonly mismatched: number
  readonly differences: readonly Extract<ScenarioEventBody, { event: 'scenario.difference' }>[]
  readonly violations: readonly string[]
}

export async function judgePlay(
  { killPoints, options }: DeclaredScenario,
  play: Play,
  played: Played,
): Promise<Judgement> {
  const { ends = 'finished', simulated = [] } = options
  const violations: string[] = []
  if (played.stuck !== undefined) violations.push(played.stuck)
  if (played.kills < killPoints.length + (played.stage.transport === 'simulated' ? simulated.length : 0))
    violations.push(`only ${played.kills} of the planned faults were met`)
  violations.push(...judgeEnding(ends, played))
  const rows = await judgeRows(play, played, ends === 'finished')
  violations.push(...(await judgeCommits(play, played)))
  if (play.check) violations.push(...(await play.check(played)))
  return { ...rows, violations }
}

function judgeEnding(ends: 'finished' | { readonly failsWith: string }, { failures }: Played): string[] {
  if (ends === 'finished') return []
  const last = failures.at(-1)
  if (last?.code === ends.failsWith) return []
  const found = last ? `${last.code}: ${last.message}` : 'none'
  return [`expected the job to fail with ${ends.failsWith}, found ${found}`]
}

/** A job that failed may owe rows; no job may show others, or one twice. */
async function judgeRows(
  { expect }: Play,
  { files, stage }: Played,
  whole: boolean,
): Promise<Omit<Judgement, 'violations'>> {
  const sums = { lost: 0, duplicated: 0, mismatched: 0 }
  const differences: Extract<ScenarioEventBody, { event: 'scenario.difference' }>[] = []
  for (const [output, expected] of Object.entries(expect)) {
    const found = await visibleRows(files, `${stage.folder}/${output}`)
    const compared = compareRows(expected.map(canonical), found.map(canonical))
    sums.lost += whole ? compared.lost : 0
    sums.duplicated += compared.duplicated
    sums.mismatched += compared.mismatched
    for (const { kind, key, expected: row = null, found: other = null } of compared.differences) {
      if (!whole && kind === 'lost') continue
      differences.push({ event: 'scenario.difference', output, kind, key, expected: row, found: other })
    }
  }
  return { ...sums, differences }
}

async function judgeCommits({ expect }: Play, { files, store, stage }: Played): Promise<string[]> {
  const { checkpoints, damages } = await listCheckpoints(store)
  // What cannot be read may be what was committed.
  if (damages.length > 0) return []
  const violations: string[] = []
  for (const output of Object.keys(expect)) {
    const names = await visibleFiles(files, `${stage.folder}/${output}`)
    violations.push(...checkCommitted(names, checkpoints.at(-1)?.id ?? 0))
  }
  return violations
}
