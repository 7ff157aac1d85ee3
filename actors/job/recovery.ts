/**
 * From where the job goes on after a start or a failure.
 *
 * - C7: only a complete checkpoint is restored, and only where every exactly-once sink agrees. One whose parts turned
 *   out missing or damaged is not chosen again.
 * - E3: whoever was superseded prepares nothing: it would delete what the other one staged.
 * - K4: nothing that is staged outlives a finished job. A worker that lives on may stage something for an attempt that
 *   was given up after the sinks were prepared for the next: at the end they are prepared once more.
 */
import type { CheckpointId } from '../../core/ids.ts'
import type { MillraceError } from '../../core/errors.ts'
import type { Graph } from '../../operators/graph.ts'
import { refuseHigherTerm } from '../../snapshot/log/index.ts'
import type { CheckpointStore } from '../../snapshot/store.ts'
import type { ResolvedOptions } from '../options.ts'
import type { JobLog } from './job-log.ts'
import { jobFailure } from './job-result.ts'
import { prepareSinks } from './prepare-sinks.ts'
import { chooseRestore, type RestoreChoice } from './restore-choice.ts'

export type Startable = Exclude<RestoreChoice, { readonly kind: 'finished' }>

export interface RecoveryParts {
  readonly graph: Graph
  readonly options: ResolvedOptions
  readonly store: CheckpointStore
  readonly log: JobLog
}

export class Recovery {
  private readonly parts: RecoveryParts
  private readonly unusable = new Map<CheckpointId, MillraceError>()

  constructor(parts: RecoveryParts) {
    this.parts = parts
  }

  /** A first start that cannot be prepared is refused, but for another checkpoint where there is consent. */
  async first(): Promise<RestoreChoice> {
    for (;;) {
      const choice = this.choose()
      if (choice.kind === 'finished') return choice
      const error = await this.prepare(choice)
      if (!error) return choice
      if (!this.setAside(choice, error)) throw error
    }
  }

  /** Throws a RecoveryError where continuing would not be exact. */
  choose(): RestoreChoice {
    const { graph, options, log } = this.parts
    return chooseRestore(graph, { history: log.history, term: log.term, unusable: this.unusable }, options)
  }

  /** Resolves to what was in the way, if anything. */
  async prepare(choice: Startable): Promise<MillraceError | undefined> {
    const { graph, options, store, log } = this.parts
    try {
      await refuseHigherTerm(store.log, log.term)
      await prepareSinks(graph, { store, term: log.term }, choice, options)
      return undefined
    } catch (error) {
      return jobFailure(error)
    }
  }

  /** For a job that is finished: what fails here is only said, since all output is there. */
  async tidy(): Promise<void> {
    const { options, log } = this.parts
    const from = log.newest
    const error = from && (await this.prepare({ kind: 'restore', from, older: false }))
    if (error) options.ports.log('warn', 'staged output may be left behind', { error: error.message })
  }

  /** A damaged part speaks against its checkpoint; whether there is another to restore is chosen next. */
  setAside(choice: Startable, error: MillraceError): boolean {
    if (choice.kind !== 'restore') return false
    if (error.code !== 'PART_DAMAGED' && error.code !== 'PART_MISSING') return false
    this.unusable.set(choice.from.manifest.checkpoint, error)
    return true
  }
}
