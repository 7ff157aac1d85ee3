/** What `npm run nexmark` prints: a table for people, or a line of JSON a query. */
import { availableParallelism } from 'node:os'
import type { Judged } from '../oracle/judge.ts'
import type { QueryName } from '../queries/names.ts'
import type { NexmarkArguments } from './arguments.ts'
import type { JobOutcome } from './job-process.ts'

export interface QueryReport extends JobOutcome {
  readonly query: QueryName
  /** Events of the input a second, kills and recoveries included. */
  readonly perSecond: number
  /** Absent without `--verify`. */
  readonly judged: Judged | undefined
  readonly passed: boolean
}

export interface Reporter {
  begin(query: QueryName): void
  told(report: QueryReport): void
  end(passed: boolean): void
}

export function makeReport(args: NexmarkArguments): Reporter {
  return args.json ? jsonReport(args) : tableReport(args)
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)

function jsonReport({ config, workers, kills }: NexmarkArguments): Reporter {
  const tell = (line: object): void => print(JSON.stringify(line))
  tell({ event: 'nexmark.started', ...config, workers, kills, cores: availableParallelism() })
  return {
    begin: () => undefined,
    told: (report) => tell({ event: 'nexmark.query', ...report }),
    end: (passed) => tell({ event: 'nexmark.finished', passed }),
  }
}

const headings = [
  'query',
  'events/s',
  'per CPU s',
  'rows out',
  'rows expected',
  'differences',
  'kills',
  'restarts',
  'checkpoints',
  'MB',
  'KB at half',
  'KB at end',
]
const width = 13

function tableReport({ config, workers, kills }: NexmarkArguments): Reporter {
  const where =
    workers === 0 ? 'one thread of one process' : `${workers} workers over NATS, ${kills} kills each`
  print(
    `Nexmark: ${number(config.events)} events, seed ${config.seed}; ${where}; Node ${process.versions.node}`,
  )
  print(row(headings))
  return {
    begin(query) {
      if (process.stderr.isTTY) process.stderr.write(`${query} …\r`)
    },
    told(report) {
      const {
        query,
        perSecond,
        judged,
        kills: landed,
        restarts,
        checkpoints,
        memoryMb,
        state,
        cpuMs,
      } = report
      const kilobytes = state ? [toKb(state.halfBytes), toKb(state.endBytes)] : ['–', '–']
      // What workers spent is not known.
      const perCpuSecond = workers > 0 ? '–' : Math.round((config.events / cpuMs) * 1000)
      const counts = judged ? [judged.rowsOut, judged.rowsExpected, judged.differences] : ['–', '–', '–']
      print(
        row([
          query,
          Math.round(perSecond),
          perCpuSecond,
          ...counts,
          landed,
          restarts,
          checkpoints,
          memoryMb,
          ...kilobytes,
        ]),
      )
      for (const { kind, times, row: found } of judged?.samples ?? [])
        print(`  ${kind}${times > 1 ? ` ${times} times` : ''}: ${JSON.stringify(found)}`)
      if (landed < kills) print(`  only ${landed} of ${kills} kills landed before the job was over`)
    },
    end: (passed) => print(passed ? 'all right' : 'NOT all right'),
  }
}

const row = (cells: readonly (string | number)[]): string =>
  cells
    .map((cell) => (typeof cell === 'number' ? number(cell) : cell))
    .map((cell, column) => (column === 0 ? cell.padEnd(6) : cell.padStart(width)))
    .join(' ')

const toKb = (bytes: number): number => Math.round(bytes / 1024)

const number = (value: number): string => value.toLocaleString('en-US')
