/** Chaos for people: progress on standard error, what counts on standard output. */
import type { ChaosFigures, Recovery } from './figures.ts'
import type { ChaosEvent } from './run-chaos.ts'

export function describeChaos(event: ChaosEvent): void {
  switch (event.event) {
    case 'chaos.started':
      print(`${event.kills} kills, seed ${event.seed}`)
      break
    case 'chaos.kill':
      process.stderr.write(
        `\r${event.kills} kills; round ${event.round}: a ${event.role}, ${event.moment}          `,
      )
      break
    case 'chaos.round':
      process.stderr.write('\r')
      print(
        `round ${event.round} (seed ${event.seed}, ${event.server} server): ${event.kills.length} kills, ${event.restarts} restarts, ${event.parents} parents, ${event.checkpoints} checkpoints, ${event.records} records in ${seconds(event.tookMs)}: ${exactness(event)}`,
      )
      break
    case 'chaos.broken':
      process.stderr.write('\r')
      print(
        `round ${event.round} (seed ${event.seed}) is wrong; it is kept in ${event.folder}\n${event.message}`,
      )
      break
    case 'chaos.finished':
      print(table(event).join('\n'))
      print(`${event.verdict} after ${seconds(event.tookMs)}: ${exactness(event)}`)
      break
    default:
      throw new TypeError(`no such event: ${JSON.stringify(event satisfies never)}`)
  }
}

function table(figures: ChaosFigures): string[] {
  const { rounds, kills, killsByRole, killsByMoment, restarts, parents, checkpoints, records } = figures
  const counts = (of: Record<string, number>): string =>
    Object.entries(of)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')
  const rows: [string, string][] = [
    ['rounds', String(rounds)],
    ['kills', `${kills} (${counts(killsByRole)})`],
    ['moments', counts(killsByMoment)],
    ['restarts', `${restarts} of the job, ${parents - rounds} of its parent`],
    ['checkpoints', String(checkpoints)],
    ['records', String(records)],
    ...Object.entries(figures.recovery).map(([role, times]): [string, string] => [
      `recovery, ${role}`,
      recovery(times),
    ]),
  ]
  return rows.map(([name, text]) => `${name.padEnd(18)} ${text}`)
}

const recovery = ({ count, p50Ms, maxMs }: Recovery): string =>
  count === 0 ? 'none' : `p50 ${p50Ms} ms, max ${maxMs} ms (${count})`

const exactness = (figures: Pick<ChaosFigures, 'lost' | 'duplicated' | 'mismatched'>): string =>
  `lost ${figures.lost}, duplicated ${figures.duplicated}, mismatched ${figures.mismatched}`

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

const print = (text: string): void => void process.stdout.write(`${text}\n`)
