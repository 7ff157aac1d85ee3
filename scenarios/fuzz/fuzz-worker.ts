/** A thread that runs shares of cases. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort, workerData } from 'node:worker_threads'
import { runCases, type Share, type ShareReport } from './run-cases.ts'
import type { FuzzTarget } from './target.ts'

export interface FuzzWorkerData {
  /** The case that runs now, for whoever watches. */
  readonly at: BigInt64Array
  /** The URL of a module that exports `targets`. */
  readonly targets: string
}

export interface FuzzWorkerReport extends ShareReport {
  /** Bytes that are live after the share: of the heap, and outside it. */
  readonly liveBytes: number
}

// Taking stacks is most of what a refusal costs; a case that is shown again has one.
Error.stackTraceLimit = 0
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const { at, targets: url } = workerData as FuzzWorkerData
const { targets } = (await import(url)) as { readonly targets: readonly FuzzTarget[] }

parentPort?.on('message', (share: Share) => {
  const report = runCases(targets, share, (number) => Atomics.store(at, 0, BigInt(number)))
  collect()
  const { heapUsed, external } = process.memoryUsage()
  const answer: FuzzWorkerReport = { ...report, liveBytes: heapUsed + external }
  parentPort?.postMessage(answer)
})
