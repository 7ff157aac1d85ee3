/**
 * Crashes at failpoints, from a seed. They are spread over the input; each throws at the n-th hit of a failpoint
 * that this run is known to pass, another one each time while there are.
 */
import { below, unit } from '../../core/ports/random.ts'
import { seededRandom } from '../../core/simulated/random.ts'
import { MillraceError, type FailpointName, type Failpoints, type JobEvent } from '../../index.ts'

export interface Crashed {
  readonly failpoint: FailpointName
  readonly task: string | null
}

export interface CrashPlanOptions {
  readonly seed: number
  readonly crashes: number
  /** Records of the input. */
  readonly records: number
  readonly told: (crashed: Crashed) => void
}

/** Where the last crash hits, once all is read. */
const endingNames: readonly FailpointName[] = [
  'coordinator.all-acknowledged',
  'coordinator.manifest-written',
  'coordinator.told-some',
  'sink.before-commit',
  'sink.mid-commit',
  'sink.committed',
  'coordinator.before-finished',
]
const hitsMax = 3
/** Of the input: a crash may have to wait for its failpoint. */
const spreadOver = 0.6

export class FailpointCrasher implements Failpoints {
  private readonly random
  private readonly options: CrashPlanOptions
  /** Records after which each crash is due, ascending. */
  private readonly due: readonly number[]
  private readonly seen = new Set<FailpointName>()
  private readonly used = new Set<FailpointName>()
  private armed: { readonly name: FailpointName; hits: number } | undefined
  private landed = 0
  private running = false

  constructor(options: CrashPlanOptions) {
    const { seed, crashes, records } = options
    this.options = options
    this.random = seededRandom(seed)
    this.due = Array.from({ length: crashes }, (_, index) =>
      crashes > 5 && index === crashes - 1
        ? records
        : Math.floor(((index + unit(this.random)) / crashes) * spreadOver * records),
    )
  }

  /** Crashes that were thrown. */
  get crashes(): number {
    return this.landed
  }

  hit(name: FailpointName, place: { readonly task?: string }): void {
    this.seen.add(name)
    const { armed } = this
    if (!armed || armed.name !== name || (armed.hits -= 1) > 0) return
    this.armed = undefined
    this.running = false
    this.landed += 1
    this.used.add(name)
    this.options.told({ failpoint: name, task: place.task ?? null })
    throw new MillraceError('CRASH', `a planned crash at ${name}`, { retry: 'retry' })
  }

  observe(event: JobEvent): void {
    if (event.event === 'job.restored') this.running = true
    if (event.event === 'job.progress' && this.running) this.arm(event.records)
  }

  private arm(records: number): void {
    const due = this.due[this.landed]
    if (due === undefined || records < due) return
    const after = this.due[this.landed + 1] ?? Infinity
    if (!this.armed) this.armed = { name: this.choose(records), hits: 1 + below(this.random, hitsMax) }
    // What was chosen is not passed any more: before the next crash is due, this one takes what comes first.
    else if (records >= after && this.seen.has('source.before-barrier')) {
      this.armed = { name: 'source.before-barrier', hits: 1 }
    }
  }

  private choose(records: number): FailpointName {
    const ending = records >= this.options.records
    const names = ending ? endingNames : [...this.seen].filter((name) => name !== 'task.restoring').sort()
    const fresh = names.filter((name) => !this.used.has(name))
    const from = fresh.length > 0 ? fresh : names
    return from[below(this.random, from.length)] ?? 'source.before-barrier'
  }
}
