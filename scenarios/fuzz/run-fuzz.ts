/**
 * Cases by the million, over one thread a core. A thread that hangs on a case, or runs out of memory, is ended, the
 * case is named, and its share is run without it; memory that a thread keeps from share to share is growth.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { FuzzWorkerData, FuzzWorkerReport } from './fuzz-worker.ts'
import { HangWatch } from './hang-watch.ts'
import type { FuzzFailure, Share, TargetCounts } from './run-cases.ts'
import type { FuzzTarget } from './target.ts'

export interface FuzzOptions {
  readonly seed: number
  readonly cases: number
  /** Told after each share. */
  readonly progress: (cases: number, failures: number) => void
  /** A module that exports `targets`. Default: the engine's decoders. */
  readonly targets?: URL
  /** Processor time after which a case hangs. Default 10 s: a case takes some ms at most. */
  readonly hangCpuMsMax?: number
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
/** So many threads that died are enough to know. */
const deathsMax = 10
const heapMiBMax = 512
export const heapGrowthBytesMax = 32 * 1024 * 1024
export const rssBytesMax = 1024 * 1024 * 1024

/** A worker thread loads what was built, also when this module itself runs from source (in tests). */
const built = (name: string): URL =>
  new URL(
    import.meta.url.endsWith('.ts') ? `../../dist/scenarios/fuzz/${name}.js` : `./${name}.js`,
    import.meta.url,
  )

export async function runFuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { seed, cases, progress, targets = built('targets'), hangCpuMsMax: cpuMsMax = 10_000 } = options
  const startedMs = performance.now()
  const { targets: loaded } = (await import(targets.href)) as { readonly targets: readonly FuzzTarget[] }
  const shares = sharesOf(seed, cases)
  const failures: FuzzFailure[] = []
  const counts: Record<string, TargetCounts> = {}
  const figures = { cases: 0, slowestMs: 0, slowestCase: 0, heapGrowthBytes: 0, rssBytesMax: 0 }
  const watch = new HangWatch({ cpuMsMax, cpuMs: processCpuMs })
  let deaths = 0

  const workOn = async (): Promise<void> => {
    let thread = new FuzzThread(targets, watch)
    let firstLive: number | undefined
    for (let share = shares.shift(); share && deaths < deathsMax; share = shares.shift()) {
      const report = await thread.run(share)
      figures.rssBytesMax = Math.max(figures.rssBytesMax, process.memoryUsage.rss())
      if ('diedOf' in report) {
        const { diedOf, at } = report
        deaths += 1
        figures.cases += 1
        failures.push({ case: at, target: loaded[at % loaded.length]!.name, what: diedOf })
        shares.unshift({ ...share, to: at }, { ...share, from: at + 1 })
        await thread.end()
        thread = new FuzzThread(targets, watch)
        firstLive = undefined
      } else {
        figures.cases += share.to - share.from
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

function processCpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

function sharesOf(seed: number, cases: number): Share[] {
  const shares: Share[] = []
  for (let from = 0; from < cases; from += shareCases) {
    shares.push({ seed, from, to: Math.min(cases, from + shareCases) })
  }
  return shares
}

/** What ended a thread in the middle of a case. */
interface Death {
  readonly diedOf: string
  readonly at: number
}

class FuzzThread {
  private readonly at = new BigInt64Array(new SharedArrayBuffer(8))
  private readonly worker: Worker
  private readonly watch: HangWatch

  constructor(targets: URL, watch: HangWatch) {
    this.watch = watch
    const workerData: FuzzWorkerData = { at: this.at, targets: targets.href }
    const resourceLimits = { maxOldGenerationSizeMb: heapMiBMax }
    this.worker = new Worker(built('fuzz-worker'), { workerData, resourceLimits })
  }

  run(share: Share): Promise<FuzzWorkerReport | Death> {
    return new Promise((resolve) => {
      Atomics.store(this.at, 0, BigInt(share.from))
      const died = (diedOf: string): void => settle({ diedOf, at: Number(Atomics.load(this.at, 0)) })
      const unwatch = this.watch.watch(this.at, () => died('no answer, however long it computes'))
      const onMessage = (report: FuzzWorkerReport): void => settle(report)
      const onError = (error: Error): void => died(`its thread ended with ${error.message}`)
      const onExit = (code: number): void => died(`its thread ended with exit code ${code}`)
      const settle = (result: FuzzWorkerReport | Death): void => {
        unwatch()
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
