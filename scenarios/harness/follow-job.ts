/** A job from its start to its end, with every event told before the end is. */
import { MillraceError, type JobEvent, type JobHandle } from '../../index.ts'

const finishMsMax = 300_000
const stopMsMax = 3_000

/**
 * Resolves with the job's result; rejects with its failure, with the signal's reason when that aborted it, or with
 * MillraceError `SCENARIO_TIMEOUT` when it does not come to an end: progress must resume after a fault.
 */
export async function followJob(
  job: JobHandle,
  signal: AbortSignal,
  observe: (event: JobEvent) => void,
): ReturnType<JobHandle['stop']> {
  const told = (async () => {
    for await (const event of job.events) observe(event)
  })()
  const over = Promise.allSettled([job.finished, told])
  const cut = interruption(signal)
  try {
    const ended = await Promise.race([over, cut.promise])
    if (ended === 'aborted') {
      await Promise.race([job.stop().catch(() => undefined), pause(stopMsMax)])
      signal.throwIfAborted()
    }
    if (ended === 'late' || ended === 'aborted') throw timeout(job)
    const [finished] = ended
    if (finished.status === 'rejected') throw finished.reason
    return finished.value
  } finally {
    cut.cancel()
  }
}

function interruption(signal: AbortSignal): { promise: Promise<'aborted' | 'late'>; cancel: () => void } {
  const { promise, resolve } = withResolvers<'aborted' | 'late'>()
  const abort = (): void => resolve('aborted')
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  const timer = setTimeout(() => resolve('late'), finishMsMax)
  return {
    promise,
    cancel() {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    },
  }
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((settle) => (resolve = settle))
  return { promise, resolve }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref())

function timeout(job: JobHandle): MillraceError {
  const { state, records, restarts } = job.status()
  return new MillraceError(
    'SCENARIO_TIMEOUT',
    `the job did not end within ${finishMsMax / 1000} s: it is ${state}, after ${records} records and ${restarts} restarts`,
    { retry: 'fatal' },
  )
}
