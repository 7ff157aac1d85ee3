/** One simulated world: one clock, one disk, one seed. Everything that happens in it follows from the seed. */
import { createHash, type Hash } from 'node:crypto'
import type { JobEvent } from '../../../actors/events.ts'
import type { FailpointName, FailpointPlace, Random } from '../../../core/ports/index.ts'
import { unit } from '../../../core/ports/random.ts'
import { silentLog } from '../../../core/log.ts'
import { simulatedFiles, type SimulatedFiles } from '../../../core/simulated/files.ts'
import { seededRandom } from '../../../core/simulated/random.ts'
import { virtualTime, type VirtualTime } from '../../../core/simulated/time.ts'
import type { NetworkFaults } from '../../../transport/simulated/memory-channels.ts'
import type { Observer } from './observer.ts'
import { SimulatedProcess } from './process.ts'

export interface WorldOptions {
  readonly seed: number
  readonly fileFault: (operation: string, path: string) => Error | undefined
  /** What is read of a file. */
  readonly reading: (bytes: Uint8Array) => Uint8Array
  /** Records that a task works on in one step: small, so that much can happen in between. */
  readonly recordsPerStep: number
  /** Codes of errors that nothing which goes wrong here explains. */
  readonly brokenRules: ReadonlySet<string>
  readonly failpoint: (name: FailpointName, place: FailpointPlace) => void
  readonly observer?: Observer | undefined
}

const notesKept = 400

/** Longest time that a file operation takes, ms, while nothing is slow. */
export const fileMsUsual = 1
export const calmNetwork: NetworkFaults = { delayMsMax: 1 }

export class World {
  readonly time: VirtualTime
  readonly disk: SimulatedFiles
  readonly networkRandom: Random
  /** What happened, newest last: the readable timeline of a failing seed. */
  readonly notes: string[] = []
  readonly counts = new Map<string, number>()
  /** The first rule of its own that the engine broke. */
  broken: string | undefined
  /** What its jobs told, but for their progress. */
  readonly events: JobEvent[] = []
  /** Longest time that an operation on that path takes, ms. */
  fileMs: (path: string) => number = () => fileMsUsual
  /** When the last of those that were stopped goes on, ms. */
  stoppedUntilMs = 0
  /** Hears every event of every job, and whose it is. */
  onEvent: (event: JobEvent, parent: SimulatedProcess) => void = () => undefined
  private readonly options: WorldOptions
  private readonly random: Random
  private readonly hash: Hash = createHash('sha256')
  private readonly processes: SimulatedProcess[] = []
  private current: SimulatedProcess | undefined

  constructor(options: WorldOptions) {
    this.options = options
    this.time = virtualTime(1_700_000_000_000)
    this.random = seededRandom(options.seed * 8 + 1)
    this.networkRandom = seededRandom(options.seed * 8 + 2)
    this.disk = simulatedFiles({
      nowMs: () => this.time.wallMs(),
      fault: (operation, path) => {
        if (operation === 'linked') options.observer?.linked(path, () => this.disk.contentOf(path))
        return options.fileFault(operation, path)
      },
      reading: (_, bytes) => options.reading(bytes),
    })
  }

  get recordsPerStep(): number {
    return this.options.recordsPerStep
  }

  /** In [0, 1). */
  chance(): number {
    return unit(this.random)
  }

  process(name: string, parent?: SimulatedProcess): SimulatedProcess {
    const { observer } = this.options
    const made = new SimulatedProcess({
      name,
      ...(parent && { parent }),
      time: this.time,
      files: this.disk,
      observer,
      random: seededRandom(this.options.seed * 1000 + 100 + this.processes.length),
      failpoints: { hit: this.options.failpoint },
      log: silentLog,
      fileMs: (path) => this.fileMs(path),
      entered: (process) => (this.current = process),
    })
    this.processes.push(made)
    return made
  }

  /** Which process is running: between two events promises settle, those of the process that the first was in. */
  get running(): SimulatedProcess | undefined {
    return this.current
  }

  /** The process stands still, whoever else goes on. */
  stop(process: SimulatedProcess, forMs: number): void {
    process.stop()
    this.time.after(forMs, () => process.continue())
    this.stoppedUntilMs = Math.max(this.stoppedUntilMs, this.time.monotonicMs() + forMs)
  }

  /** The power fails: nothing that ran goes on, and what was not synced may be gone. */
  losePower(): void {
    for (const each of this.processes) each.kill()
    this.disk.crash(this.random)
    this.options.observer?.powerLost(new Set(this.disk.paths('/')))
  }

  note(text: string): void {
    const line = `${this.time.monotonicMs().toFixed(1).padStart(9)} ms  ${text}`
    this.hash.update(line)
    if (this.notes.push(line) > notesKept) this.notes.shift()
  }

  /** An error that the engine reported: some it must never meet, whatever goes wrong around it. */
  report(code: string, message: string): void {
    if (this.options.brokenRules.has(code)) this.broken ??= `${code}: ${message}`
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }

  /** Equal for equal histories. */
  get traceHash(): string {
    return this.hash.copy().digest('hex').slice(0, 16)
  }

  /** Runs what is due until `done`, or for `ms` of virtual time. */
  run(ms: number, done: () => boolean): Promise<boolean> {
    const untilMs = this.time.monotonicMs() + ms
    return new Promise((resolve, reject) => {
      let events = 0
      const next = (): void => {
        try {
          if (done()) return resolve(true)
          if (this.time.monotonicMs() >= untilMs || !this.time.runNext()) return resolve(false)
        } catch (error) {
          return reject(error instanceof Error ? error : new Error(String(error)))
        }
        events += 1
        settled(next, events % eventsPerTurn === 0)
      }
      settled(next, true)
    })
  }
}

/** Signals and other processes' messages wait this long for the real event loop. */
const eventsPerTurn = 1024

/**
 * Calls `fn` when every promise that can settle has settled, so that the order of things follows from the events
 * alone: Node runs a tick that is queued by a microtask after the last microtask. A turn of the real event loop
 * would cost ten times as much.
 */
function settled(fn: () => void, turn: boolean): void {
  if (turn) setImmediate(fn)
  else queueMicrotask(() => process.nextTick(fn))
}
