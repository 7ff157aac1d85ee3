/**
 * Cases by the million, over one thread a core. A thread that hangs on a case, or runs out of memory, is ended, and
 * the case is named; memory that a thread keeps from share to share is growth.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { FuzzWorkerData, FuzzWorkerReport } from './fuzz-worker.ts'
import type { FuzzFailure, Share, TargetCounts } from './run-cases.ts'

export interface FuzzOptions {
  readonly seed: number
  readonly cases: number
  /** Told after each share. */
  readonly progress: (cases: number, failures: number) => void
}

export interface FuzzReport {
  readonly cases: number
  readonly tookMs: number
  readonly threads: number
  readonly counts: Record<string, TargetCounts>
  readonly failures: readonly FuzzFailure[]
  readonly slowestMs: number
  readonly slowestCase: number
  /** What a thread kept between its first share and its last, at most; bytes. */
  readonly heapGrowthBytes: number
  /** Of the process, at most; bytes. */
  readonly rssBytesMax: number
}

const shareCases = 20_000
/** Without an answer to a share that takes about a second. */
const hangMsMax = 60_000
const heapMiBMax = 512
export const heapGrowthBytesMax = 32 * 1024 * 1024
export const rssBytesMax = 1024 * 1024 * 1024

export async function runFuzz({ seed, cases, progress }: FuzzOptions): Promise<FuzzReport> {
  const startedMs = performance.now()
  const shares = sharesOf(seed, cases)
  const failures: FuzzFailure[] = []
  const counts: Record<string, TargetCounts> = {}
  const figures = { cases: 0, slowestMs: 0, slowestCase: 0, heapGrowthBytes: 0, rssBytesMax: 0 }

  const workOn = async (): Promise<void> => {
    let thread = new FuzzThread()
    let firstLive: number | undefined
    for (let share = shares.shift(); share; share = shares.shift()) {
      const report = await thread.run(share)
      figures.rssBytesMax = Math.max(figures.rssBytesMax, process.memoryUsage.rss())
      figures.cases += share.to - share.from
      if ('what' in report) {
        failures.push(report)
        await thread.end()
        thread = new FuzzThread()
        firstLive = undefined
      } else {
        add(counts, report.counts)
        failures.push(...report.failures)
        // The first share fills caches and compiles.
        firstLive ??= report.liveBytes
        figures.heapGrowthBytes = Math.max(figures.heapGrowthBytes, report.liveBytes - firstLive)
        if (report.slowestMs > figures.slowestMs) {
          figures.slowestMs = report.slowestMs
          figures.slowestCase = report.slowestCase
        }
      }
      progress(figures.cases, failures.length)
    }
    await thread.end()
  }
  const threads = availableParallelism()
  await Promise.all(Array.from({ length: threads }, workOn))
  return { ...figures, threads, counts, failures, tookMs: performance.now() - startedMs }
}

function sharesOf(seed: number, cases: number): Share[] {
  const shares: Share[] = []
  for (let from = 0; from < cases; from += shareCases) {
    shares.push({ seed, from, to: Math.min(cases, from + shareCases) })
  }
  return shares
}

class FuzzThread {
  private readonly at = new BigInt64Array(new SharedArrayBuffer(8))
  private readonly worker: Worker

  constructor() {
    const url = new URL(
      import.meta.url.endsWith('.ts') ? './fuzz-worker.ts' : './fuzz-worker.js',
      import.meta.url,
    )
    const workerData: FuzzWorkerData = { at: this.at }
    this.worker = new Worker(url, { workerData, resourceLimits: { maxOldGenerationSizeMb: heapMiBMax } })
  }

  run(share: Share): Promise<FuzzWorkerReport | FuzzFailure> {
    return new Promise((resolve) => {
      const failed = (what: string): void =>
        settle({ case: Number(Atomics.load(this.at, 0)), target: 'the thread', what })
      const timer = setTimeout(() => failed(`no answer for ${hangMsMax / 1000} s`), hangMsMax)
      const onMessage = (report: FuzzWorkerReport): void => settle(report)
      const onError = (error: Error): void => failed(`ended with ${error.message}`)
      const onExit = (code: number): void => failed(`ended with exit code ${code}`)
      const settle = (result: FuzzWorkerReport | FuzzFailure): void => {
        clearTimeout(timer)
        this.worker.off('message', onMessage).off('error', onError).off('exit', onExit)
        resolve(result)
      }
      this.worker.on('message', onMessage).on('error', onError).on('exit', onExit)
      this.worker.postMessage(share)
    })
  }

  async end(): Promise<void> {
    this.worker.on('error', () => undefined)
    await this.worker.terminate()
  }
}

function add(sum: Record<string, TargetCounts>, more: Record<string, TargetCounts>): void {
  for (const [name, { cases, accepted, rejected }] of Object.entries(more)) {
    const total = (sum[name] ??= { cases: 0, accepted: 0, rejected: {} })
    total.cases += cases
    total.accepted += accepted
    for (const [code, count] of Object.entries(rejected)) {
      total.rejected[code] = (total.rejected[code] ?? 0) + count
    }
  }
}
