/**
 * What a deployment waits for from users' sources and sinks before it can work; their promises may never settle.
 *
 * - O1 Each has a deadline of its own. What the engine does between them, such as restoring state, has none.
 * - O2 What comes too late is closed, and changes nothing.
 */
import { MillraceError } from '../core/errors.ts'
import type { StepName } from '../core/ids.ts'
import type { Timers } from '../core/ports/index.ts'
import type { SourceDefinition } from './source.ts'

export class Openings {
  private readonly timers: Timers
  private readonly openMsMax: number
  private readonly waits = new Set<(error: MillraceError) => void>()
  private over = false

  constructor(timers: Timers, openMsMax: number) {
    this.timers = timers
    this.openMsMax = openMsMax
  }

  /**
   * Calls `ask` and resolves to its answer. Rejects with what it threw or rejected with, and with MillraceError
   * `OPEN_TIMEOUT`; `late` is then called with an answer that comes after all.
   */
  wait<T>(
    step: StepName,
    what: string,
    ask: () => T | Promise<T>,
    late: (answer: T) => unknown = () => undefined,
  ): Promise<T> {
    if (this.over) return Promise.reject(ended())
    return new Promise<T>((resolve, reject) => {
      let waiting = true
      const end = (): void => {
        waiting = false
        cancel()
        this.waits.delete(giveUp)
      }
      const giveUp = (error: MillraceError): void => {
        if (!waiting) return
        end()
        reject(error)
      }
      // A process that was stopped, or busy, for so long may have the answer by now: it comes first.
      const cancel = this.timers.after(this.openMsMax, () =>
        this.timers.soon(() => giveUp(this.timeout(step, what))),
      )
      this.waits.add(giveUp)
      const asked = settled(ask)
      asked.then(
        (answer) => {
          if (waiting) {
            end()
            resolve(answer)
          } else settled(() => late(answer)).catch(() => undefined)
        },
        () => {
          if (!waiting) return
          end()
          // Rejects as it did.
          resolve(asked)
        },
      )
    })
  }

  /** What was opened is closed in any case; nobody waits for it once the deployment is over. */
  async close(step: StepName, what: string, close: () => unknown): Promise<void> {
    if (this.over) settled(close).catch(() => undefined)
    else await this.wait(step, what, close)
  }

  /** The source, with deadlines. */
  source<T>(step: StepName, source: SourceDefinition<T>): SourceDefinition<T> {
    const { kind, replayable, deadLetters, splitsAtOnce } = source
    return {
      kind,
      replayable,
      deadLetters,
      ...(splitsAtOnce !== undefined && { splitsAtOnce }),
      splits: (context) => this.wait(step, 'its splits', () => source.splits(context)),
      open: (split, position, context) =>
        this.wait(
          step,
          `open of split '${split}'`,
          () => source.open(split, position, context),
          (reader) => reader.close(),
        ),
    }
  }

  /** Nobody waits any more: every wait under way, and to come, rejects. */
  stop(): void {
    this.over = true
    for (const giveUp of [...this.waits]) giveUp(ended())
  }

  private timeout(step: StepName, what: string): MillraceError {
    return new MillraceError(
      'OPEN_TIMEOUT',
      `'${step}' did not answer (${what}) within ${this.openMsMax} ms (openMsMax); make its promise settle, or raise openMsMax where it only takes long`,
      { retry: 'retry', details: { step } },
    )
  }
}

const settled = async <T>(ask: () => T | Promise<T>): Promise<T> => ask()

const ended = (): MillraceError =>
  new MillraceError('JOB_NOT_RUNNING', 'the deployment ended before all was open', { retry: 'retry' })
