/**
 * The job log as its coordinator uses it: what it says, and writing the next record.
 *
 * - E4: while the outcome of a write is unknown nothing else happens; it is asked for until it is known.
 * - C9: after each completed checkpoint what retention names is collected, in the background.
 */
import { isTyped } from '../../core/errors.ts'
import type { Epoch, Term } from '../../core/ids.ts'
import type { Log, Ports, Timers } from '../../core/ports/index.ts'
import { randomToken } from '../../core/ports/random.ts'
import { collect } from '../../snapshot/collect.ts'
import {
  claimTerm,
  extendHistory,
  readHistory,
  type AppendOutcome,
  type History,
  type LoggedCheckpoint,
  type SlotRecord,
  type TermWriter,
} from '../../snapshot/log/index.ts'
import { deadTerms, planCollection, withoutCollected } from '../../snapshot/retention.ts'
import type { CheckpointStore } from '../../snapshot/store.ts'

export interface JobLogOptions {
  readonly store: CheckpointStore
  readonly writer: TermWriter
  readonly history: History
  readonly keep: number
  readonly timers: Timers
  readonly log: Log
}

const decideAgainMs = 200

export class JobLog {
  readonly term: Term
  private readonly options: JobLogOptions
  private current: History
  private writing: Promise<unknown> = Promise.resolve()
  private swept = false

  constructor(options: JobLogOptions) {
    this.options = options
    this.term = options.writer.term
    this.current = options.history
  }

  get history(): History {
    return this.current
  }

  get newest(): LoggedCheckpoint | undefined {
    return this.current.checkpoints.at(-1)
  }

  /** Resolves when the outcome is known. Rejects with `SupersededError`. */
  append(record: SlotRecord): Promise<AppendOutcome> {
    const appending = this.writing.then(() => this.appendNow(record))
    this.writing = appending.catch(() => undefined)
    return appending
  }

  /** E4: resolves when no write is under way. */
  async settled(): Promise<void> {
    await this.writing
  }

  /**
   * Deletes what is no longer needed; failures are left for the next time. E4: takes its turn with the writes, so
   * that nothing is deleted while the outcome of one is unknown.
   */
  collect(running: Epoch): Promise<void> {
    const collecting = this.writing.then(() => this.collectNow(running))
    this.writing = collecting
    return collecting
  }

  private async collectNow(running: Epoch): Promise<void> {
    const { store, keep, log } = this.options
    try {
      const facts = { history: this.current, keep, running: [running] }
      const plan = planCollection(this.swept ? facts : { ...facts, parts: await store.parts.list() })
      await collect(store, plan, this.term)
      this.current = withoutCollected(this.current, plan)
      if (this.swept) return
      // E3: once a term, what its predecessors left unfinished goes too.
      await store.sweep(deadTerms(this.current, [running]))
      this.swept = true
    } catch (error) {
      log('warn', 'old checkpoints could not be collected', { error: String(error) })
    }
  }

  private async appendNow(record: SlotRecord): Promise<AppendOutcome> {
    const { writer } = this.options
    let outcome: AppendOutcome
    try {
      outcome = await writer.append(record)
    } catch (error) {
      outcome = await this.decide(error)
    }
    if (outcome.kind === 'created') {
      this.current = extendHistory(this.current, { term: this.term, slot: outcome.slot }, record)
    }
    return outcome
  }

  private async decide(first: unknown): Promise<AppendOutcome> {
    for (let error = first; ;) {
      if (!isTyped(error) || error.code !== 'SLOT_UNDECIDED') throw error
      this.options.log('warn', error.message)
      await new Promise<void>((resolve) => this.options.timers.after(decideAgainMs, resolve))
      try {
        return await this.options.writer.decide()
      } catch (again) {
        error = again
      }
    }
  }
}

/** E3: claims the next term, and only then reads what the log says. */
export async function claimJobLog(store: CheckpointStore, keep: number, ports: Ports): Promise<JobLog> {
  const { random, clock, timers, log } = ports
  const writer = await claimTerm(store.log, { holder: randomToken(random, 20), atMs: clock.wallMs() })
  return new JobLog({ store, writer, history: await readHistory(store.log), keep, timers, log })
}
