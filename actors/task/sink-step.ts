/**
 * One sink in one task.
 *
 * - K1: what was staged at barriers ≤ n is committed, in order, when n is complete; an abort discards nothing.
 *   Every snapshot holds the handles whose commit is not confirmed.
 * - K3: a failed commit is retried, then fails the task, never the checkpoint. So does one that never answers, at
 *   once: it may still be under way, as an old epoch's may, and is repeated by the next.
 * - T1: a full buffer closes the gate.
 */
import { decodeValue } from '../../core/codec/index.ts'
import type { CheckpointId, StepName } from '../../core/ids.ts'
import { MillraceError, isTyped, systemCode } from '../../core/errors.ts'
import { isCrash } from '../../core/ports/failpoints.ts'
import { limits } from '../../core/limits.ts'
import type { Cancel, Timers } from '../../core/ports/index.ts'
import type { SinkWriter } from '../../operators/sink.ts'
import { operatorThrew } from '../../operators/errors.ts'
import { StateError } from '../../operators/state/errors.ts'
import type { Gate } from './gate.ts'

/** Plain data: what snapshots keep. */
export interface StagedOutput {
  readonly checkpoint: CheckpointId
  readonly handle: unknown
}

/** Throws StateError `STATE_DAMAGED` for what is no list of staged output. Handles are checked by their sink. */
export function readStagedOutputs(step: StepName, bytes: Uint8Array): readonly StagedOutput[] {
  const damaged = (cause?: unknown): StateError =>
    new StateError('STATE_DAMAGED', `the staged output of '${step}' cannot be read`, {
      retry: 'fatal',
      cause,
      details: { step },
    })
  let found: unknown
  try {
    found = decodeValue(bytes)
  } catch (cause) {
    throw damaged(cause)
  }
  if (!Array.isArray(found) || !found.every(isStagedOutput)) throw damaged()
  return found
}

const isStagedOutput = (value: unknown): value is StagedOutput =>
  typeof value === 'object' &&
  value !== null &&
  'handle' in value &&
  'checkpoint' in value &&
  Number.isSafeInteger(value.checkpoint)

export interface SinkStepOptions {
  readonly step: StepName
  readonly writer: SinkWriter<unknown>
  readonly gate: Gate
  readonly timers: Timers
}

const commitTriesMax = 5
const commitRetryMs = 100

export class SinkStepRuntime {
  readonly step: StepName
  private readonly options: SinkStepOptions
  private readonly writer: SinkWriter<unknown>
  private staged: StagedOutput[] = []
  private sealing: Promise<void> = Promise.resolve()
  private committing: Promise<void> = Promise.resolve()
  private blocked = false
  private closed = false
  private cancelLate: Cancel = () => undefined

  constructor(options: SinkStepOptions) {
    this.options = options
    this.step = options.step
    this.writer = options.writer
  }

  write(record: unknown): void {
    try {
      this.writer.write(record)
    } catch (cause) {
      // A writer says so late when its medium failed: the records it failed on were written before this one.
      const late = isTyped(cause) && cause.retry === 'retry'
      throw late ? this.failedEarlier(cause, 'earlier records') : operatorThrew(this.step, cause)
    }
    if (this.writer.full && !this.blocked) {
      this.blocked = true
      this.options.gate.blocked += 1
    }
  }

  /** Reopens the gate when the writer has room again. */
  recheck(): void {
    if (!this.blocked || this.writer.full) return
    this.blocked = false
    this.options.gate.blocked -= 1
  }

  /** K2: seals what was written; resolves to everything staged up to this barrier and not confirmed. */
  async barrier(checkpoint: CheckpointId): Promise<readonly StagedOutput[]> {
    const sealed = this.writer.barrier(checkpoint).catch((cause: unknown) => {
      throw this.failedEarlier(cause, `the records before checkpoint ${checkpoint}`)
    })
    // It may reject while an earlier one is still awaited.
    sealed.catch(() => undefined)
    const before = this.sealing
    this.sealing = before.then(async () => {
      const handle = await sealed
      if (handle !== null && handle !== undefined) this.staged.push({ checkpoint, handle })
    })
    // Rejections reach the caller through the await below; the chain itself must not dangle.
    this.sealing.catch(() => undefined)
    await this.sealing
    return this.staged.filter((output) => output.checkpoint <= checkpoint)
  }

  /** Makes everything staged at barriers ≤ `checkpoint` visible. Rejects when it cannot be done. */
  complete(checkpoint: CheckpointId): Promise<void> {
    this.committing = this.committing.then(async () => {
      const due = this.staged.filter((output) => output.checkpoint <= checkpoint)
      await this.commit(due)
      this.staged = this.staged.filter((output) => !due.includes(output))
    })
    return this.committing
  }

  /**
   * What the restored checkpoint holds. C6: its commits are repeated when its completion is told again, once every
   * task is restored: nothing of a checkpoint that turns out damaged becomes visible by trying it (C7).
   */
  restore(outputs: readonly StagedOutput[]): void {
    this.staged = [...outputs].sort((a, b) => a.checkpoint - b.checkpoint)
  }

  close(): Promise<void> {
    this.closed = true
    this.cancelLate()
    return this.writer.close()
  }

  private async commit(outputs: readonly StagedOutput[]): Promise<void> {
    if (outputs.length === 0) return
    for (let tries = 1; ; tries += 1) {
      try {
        await this.commitInTime(outputs.map((output) => output.handle))
        return
      } catch (cause) {
        const fatal = (isTyped(cause) && cause.retry === 'fatal') || isCrash(cause)
        const late = isTyped(cause) && cause.code === 'COMMIT_TIMEOUT'
        if (fatal || late || tries === commitTriesMax) throw this.commitFailed(cause)
        await new Promise<void>((resolve) => this.options.timers.after(commitRetryMs * 2 ** tries, resolve))
        // The next deployment repeats it.
        if (this.closed) throw this.commitFailed(cause)
      }
    }
  }

  private async commitInTime(handles: readonly unknown[]): Promise<void> {
    const late = new Promise<never>((_, reject) => {
      this.cancelLate = this.options.timers.after(limits.commitMsMax, () => {
        const message = `expected an answer within ${limits.commitMsMax} ms, found none; make its commit settle`
        reject(new MillraceError('COMMIT_TIMEOUT', message, { retry: 'retry' }))
      })
    })
    try {
      await Promise.race([this.writer.commit(handles), late])
    } finally {
      this.cancelLate()
    }
  }

  private commitFailed(cause: unknown): MillraceError {
    const retry = isTyped(cause) ? cause.retry : 'retry'
    const code = isTyped(cause) ? cause.code : 'COMMIT_FAILED'
    const what = cause instanceof Error ? cause.message : `${systemCode(cause)} ${String(cause)}`
    return new MillraceError(code, `sink '${this.step}' could not commit: ${what}`, {
      retry,
      cause,
      details: { step: this.step, earlier: true },
    })
  }

  /** `details.earlier`: no fault of the record that the task works on; an equal one that fails again is no poison. */
  private failedEarlier(cause: unknown, doing: string): MillraceError {
    return operatorThrew(this.step, cause, doing, { earlier: true })
  }
}
