/** `millrace run FILE`: a module's flow as a job, until it finished, failed or was stopped. */
import { fileStore, run, type JobHandle, type RunOptions } from '../../index.ts'
import { exitCodes } from '../exit-codes.ts'
import { exitCodeOf, failureOf, printFailure } from '../failure.ts'
import { loadFlow } from '../load-flow.ts'
import { runOutput, type RunOutput } from '../output/run-output.ts'
import { onStopSignals } from '../stop-signals.ts'
import { UsageError } from '../usage-error.ts'

export interface RunArguments {
  readonly workers?: number
  readonly nats?: string
  readonly checkpoints?: string
  readonly every?: number
  readonly parallelism?: number
  readonly restoreFrom?: number | 'none'
  readonly allowOlder?: number
  readonly allowDuplicates?: true
  readonly dropState?: readonly string[]
  readonly json?: true
}

/** Resolves to the exit code. */
export async function runCommand(file: string, given: RunArguments): Promise<number> {
  const output = runOutput(given.json === true)
  let job: JobHandle | undefined
  const signals = onStopSignals((signal) => {
    process.stderr.write(`millrace: ${signal}: stopping at a checkpoint; once more to end at once\n`)
    // How it ends is told by `finished`.
    job?.stop().catch(() => undefined)
  })
  try {
    const { flow, entry } = await loadFlow(file)
    job = await run(flow, runOptions(given, entry))
    if (signals.received !== undefined) job.stop().catch(() => undefined)
    if (await follow(job, output)) return exitCodes.ok
    const { received } = signals
    return received === undefined ? exitCodes.failed : exitCodes.interrupted[received]
  } catch (error) {
    const code = exitCodeOf(error)
    const failure = failureOf(error)
    output.failed(failure.code, failure.message)
    printFailure(error)
    return code
  } finally {
    output.close()
    signals.release()
  }
}

/** Tells events until the job is over; true when it ended by itself. */
async function follow(job: JobHandle, output: RunOutput): Promise<boolean> {
  output.watch(() => job.status())
  const told = (async () => {
    for await (const event of job.events) output.event(event)
  })()
  // The events end with the job; all of them are told before its end is.
  const [finished] = await Promise.allSettled([job.finished, told])
  if (finished.status === 'rejected') throw finished.reason
  return finished.value.ended
}

function runOptions(given: RunArguments, entry: string): RunOptions {
  const { workers = 0, nats, checkpoints, every, parallelism } = given
  return {
    workers,
    ...(workers > 0 && { entry }),
    ...(nats !== undefined && { nats }),
    ...(parallelism !== undefined && { parallelism }),
    checkpoints: {
      ...(checkpoints !== undefined && { store: fileStore(checkpoints) }),
      ...(every !== undefined && { everyMs: every }),
      restore: restoreOptions(given),
    },
  }
}

/** C7: what a person consents to. */
function restoreOptions(given: RunArguments): NonNullable<NonNullable<RunOptions['checkpoints']>['restore']> {
  const { restoreFrom, allowOlder, allowDuplicates, dropState } = given
  const restore = {
    ...(restoreFrom !== undefined && { checkpoint: restoreFrom }),
    ...(allowOlder !== undefined && { allowOlder }),
    ...(allowDuplicates !== undefined && { allowDuplicates }),
    ...(dropState !== undefined && { dropState }),
  }
  if (Object.keys(restore).length > 0 && given.checkpoints === undefined) {
    throw new UsageError(
      'OPTION_ILLEGAL',
      'options about restoring need --checkpoints DIR, where the checkpoints are',
    )
  }
  return restore
}
