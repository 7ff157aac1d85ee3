/** All queries, each in a process of its own, judged by SQL over the same events. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../../../scenarios/harness/temporary-folder.ts'
import { openDatabase, type NexmarkDatabase } from '../oracle/database.ts'
import { expected, q12OnRealClock, type Expected } from '../oracle/expected.ts'
import { judge } from '../oracle/judge.ts'
import type { QueryName } from '../queries/names.ts'
import type { NexmarkArguments } from './arguments.ts'
import { runJob } from './job-process.ts'
import { isOnSimulatedClock, outFolder, type JobSetup } from './job-setup.ts'
import { makeReport, type QueryReport, type Reporter } from './report.ts'

/** Resolves to whether all was right. */
export async function runQueries(args: NexmarkArguments): Promise<boolean> {
  const reporter = makeReport(args)
  const folder = await temporaryFolder('nexmark')
  let database: NexmarkDatabase | undefined
  try {
    if (args.verify) {
      database = await openDatabase({ config: args.config, file: join(folder.path, 'events.duckdb') })
    }
    let passed = true
    for (const query of args.queries) {
      const report = await runQuery(query, { args, database, folder: join(folder.path, query), reporter })
      passed &&= report.passed
    }
    reporter.end(passed)
    return passed
  } finally {
    database?.close()
    await folder.remove()
  }
}

const expectedOf = (setup: JobSetup): Expected =>
  setup.query === 'q12' && !isOnSimulatedClock(setup) ? q12OnRealClock : expected[setup.query]

interface RunContext {
  readonly args: NexmarkArguments
  readonly database: NexmarkDatabase | undefined
  readonly folder: string
  readonly reporter: Reporter
}

async function runQuery(
  query: QueryName,
  { args, database, folder, reporter }: RunContext,
): Promise<QueryReport> {
  const { config, workers, nats, kills, verify } = args
  const setup: JobSetup = { query, config, folder, keep: verify, workers, nats, kills }
  reporter.begin(query)
  const outcome = await runJob(setup)
  const judged = database && (await judge(database.connection, expectedOf(setup), outFolder(setup)))
  // Fewer kills than asked for prove less than was asked for.
  const passed = (judged?.differences ?? 0) === 0 && outcome.kills >= kills
  const report = { query, ...outcome, perSecond: (config.events / outcome.ms) * 1000, judged, passed }
  reporter.told(report)
  if (passed) await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  return report
}
