/**
 * The checkpoint coordinator of one attempt at work: tells it facts, executes what it decides.
 *
 * - E4: what was written to the log is told as a fact only when the outcome is known.
 * - C8: facts and commands end with the attempt.
 */
import { reportError } from '../../core/errors.ts'
import type { CheckpointId, Epoch } from '../../core/ids.ts'
import { unreachable } from '../../core/invariant.ts'
import type { Cancel, FailpointName, Ports } from '../../core/ports/index.ts'
import { channelBytes, manifestBytes } from '../../snapshot/assemble.ts'
import { decide, startCoordinator, wakeAtMs, type CoordinatorState } from '../../snapshot/coordinator.ts'
import type {
  CoordinatorCommand,
  CoordinatorFact,
  Deployment,
  SlotOutcome,
} from '../../snapshot/coordinator-facts.ts'
import { SupersededError } from '../../snapshot/errors.ts'
import type { SlotRecord } from '../../snapshot/log/index.ts'
import type { JobEventBody } from '../events.ts'
import type { Crew } from './crew.ts'
import type { JobLog } from './job-log.ts'

/** What the coordinator can be told; the moment is added here. */
export type Told = DistributiveOmit<CoordinatorFact, 'now'>

export interface CoordinationParts {
  readonly epoch: Epoch
  readonly crew: Crew
  readonly log: JobLog
  readonly ports: Ports
  /** Highest checkpoint id started so far in this process (E6). */
  readonly idsUsed: { newest: number }
  readonly events: CoordinationEvents
}

export interface CoordinationEvents {
  readonly emit: (body: JobEventBody) => void
  readonly completed: (checkpoint: CheckpointId, savepoint: boolean) => void
  readonly aborted: (savepoint: boolean, reason: Error) => void
  readonly finished: () => void
  readonly stopped: (checkpoint: CheckpointId) => void
  readonly failed: (error: unknown) => void
  /** Time for another look. */
  readonly tick: () => void
  readonly slotWritten: (outcome: SlotOutcome) => void
}

export class Coordination {
  private readonly parts: CoordinationParts
  private state: CoordinatorState
  private cancelTick: Cancel | undefined
  private ended = false

  constructor(parts: CoordinationParts, deployment: Deployment) {
    this.parts = parts
    const { state, commands } = startCoordinator(deployment, this.now())
    this.state = state
    this.execute(commands)
    this.wakeLater()
  }

  tell(fact: Told): void {
    if (this.ended) return
    const { state, commands } = decide(this.state, { ...fact, now: this.now() })
    this.state = state
    this.execute(commands)
    this.wakeLater()
  }

  end(): void {
    this.ended = true
    this.cancelTick?.()
  }

  private now(): CoordinatorFact['now'] {
    const { clock } = this.parts.ports
    return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() }
  }

  /** One timer, for when the coordinator next waits for time. */
  private wakeLater(): void {
    this.cancelTick?.()
    this.cancelTick = undefined
    const { clock, timers } = this.parts.ports
    const atMs = this.ended ? null : wakeAtMs(this.state)
    if (atMs === null) return
    this.cancelTick = timers.after(Math.max(0, atMs - clock.monotonicMs()), this.parts.events.tick)
  }

  private execute(commands: readonly CoordinatorCommand[]): void {
    for (const command of commands) this.executeOne(command)
  }

  private executeOne(command: CoordinatorCommand): void {
    const { crew, epoch, events, idsUsed } = this.parts
    switch (command.kind) {
      case 'trigger': {
        const { checkpoint, final, stop } = command
        idsUsed.newest = Math.max(idsUsed.newest, checkpoint)
        crew.tellAll({ kind: 'trigger', epoch, checkpoint, final, stop })
        break
      }
      case 'overtake':
        crew.tellAll({ kind: 'overtake', epoch, checkpoint: command.checkpoint })
        break
      case 'abort': {
        const { checkpoint, reason } = command
        crew.tellAll({ kind: 'abort', epoch, checkpoint })
        events.emit({
          event: 'checkpoint.failed',
          id: checkpoint,
          code: reason.code,
          message: reason.message,
        })
        events.aborted(command.savepoint, reason)
        break
      }
      case 'writeManifest':
        this.hit('coordinator.all-acknowledged', command.manifest.checkpoint)
        this.write({ kind: 'checkpoint', manifest: command.manifest })
        break
      case 'tellComplete':
        this.complete(command)
        break
      case 'writeFinished':
        this.hit('coordinator.before-finished', command.checkpoint)
        this.write({ kind: 'finished', checkpoint: command.checkpoint })
        break
      case 'finished':
        events.finished()
        break
      case 'stopped':
        events.stopped(command.checkpoint)
        break
      case 'failJob':
        events.failed(command.error)
        break
      default:
        unreachable(command, 'command of the coordinator')
    }
  }

  private complete({ checkpoint, manifest }: Extract<CoordinatorCommand, { kind: 'tellComplete' }>): void {
    const { crew, epoch, events, log } = this.parts
    this.hit('coordinator.manifest-written', checkpoint)
    crew.tellAll({ kind: 'complete', epoch, checkpoint })
    this.hit('coordinator.told-some', checkpoint)
    if (!manifest) return
    events.emit({
      event: 'checkpoint.completed',
      id: checkpoint,
      durationMs: Math.round(manifest.completedMs - manifest.startedMs),
      bytes: manifestBytes(manifest),
      unaligned: manifest.unaligned,
      channelBytes: channelBytes(manifest),
      savepoint: manifest.savepoint,
      final: manifest.final,
    })
    events.completed(checkpoint, manifest.savepoint)
    void log.collect(epoch)
  }

  private write(record: SlotRecord): void {
    const { events, log } = this.parts
    log.append(record).then(
      (outcome) => {
        if (outcome.kind === 'created') events.slotWritten(outcome)
        else events.slotWritten({ kind: 'failed', error: reportError(outcome.error) })
      },
      (error: unknown) => {
        if (error instanceof SupersededError) events.slotWritten({ kind: 'superseded', error })
        else events.failed(error)
      },
    )
  }

  private hit(name: FailpointName, checkpoint: CheckpointId): void {
    this.parts.ports.failpoints.hit(name, { checkpoint })
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
