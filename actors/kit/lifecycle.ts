/**
 * Lifecycles as xstate statecharts, run through its pure `transition` under our clock. An event that the
 * current state does not expect is an error, never silence.
 */
import {
  initialTransition,
  transition,
  type AnyStateMachine,
  type EventFromLogic,
  type SnapshotFrom,
} from 'xstate'
import { InvariantError } from '../../core/invariant.ts'

export class Lifecycle<Machine extends AnyStateMachine> {
  private readonly machine: Machine
  private readonly subject: string
  private snapshot: SnapshotFrom<Machine>

  /** `subject` names what lives, for messages: `task count[0]`. */
  constructor(machine: Machine, subject: string) {
    this.machine = machine
    this.subject = subject
    this.snapshot = initialTransition(machine as AnyStateMachine)[0] as SnapshotFrom<Machine>
  }

  get state(): string {
    return String((this.snapshot as { value: unknown }).value)
  }

  is(...states: readonly string[]): boolean {
    return states.includes(this.state)
  }

  can(event: EventFromLogic<Machine>): boolean {
    return (this.snapshot as { can(event: unknown): boolean }).can(event)
  }

  send(event: EventFromLogic<Machine>): void {
    if (!this.can(event)) {
      throw new InvariantError(
        `${this.subject}: '${(event as { type: string }).type}' in state '${this.state}'`,
      )
    }
    this.snapshot = transition(
      this.machine as AnyStateMachine,
      this.snapshot as never,
      event as never,
    )[0] as SnapshotFrom<Machine>
  }
}
