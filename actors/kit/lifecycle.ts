/**
 * Lifecycles as xstate statecharts, run through its pure `transition` under our clock. An event that the
 * current state does not expect is an error, never silence.
 *
 * The statecharts here have no context: where an event leads follows from the state and the event's type. So each
 * pair is asked of xstate once; asking makes an actor, which costs more than a small task's whole step.
 */
import { initialTransition, transition, type AnyStateMachine, type EventFromLogic } from 'xstate'
import { InvariantError, invariant } from '../../core/invariant.ts'

interface Snapshot {
  readonly value: unknown
  readonly context: unknown
  can(event: unknown): boolean
}

/** What is known of one machine: its states, and where events lead from them. */
interface Chart {
  readonly initial: Snapshot
  readonly next: Map<Snapshot, Map<string, Snapshot | undefined>>
  readonly byValue: Map<string, Snapshot>
}

const charts = new WeakMap<AnyStateMachine, Chart>()

function chartOf(machine: AnyStateMachine): Chart {
  const known = charts.get(machine)
  if (known) return known
  const initial = initialTransition(machine)[0] as Snapshot
  invariant(Object.keys(initial.context ?? {}).length === 0, 'a lifecycle is a statechart without context')
  const chart: Chart = {
    initial,
    next: new Map(),
    byValue: new Map([[JSON.stringify(initial.value), initial]]),
  }
  charts.set(machine, chart)
  return chart
}

/** Undefined when the state does not expect the event. */
function nextOf(machine: AnyStateMachine, from: Snapshot, type: string): Snapshot | undefined {
  const chart = chartOf(machine)
  let known = chart.next.get(from)
  if (!known) chart.next.set(from, (known = new Map<string, Snapshot | undefined>()))
  if (known.has(type)) return known.get(type)
  const to = from.can({ type }) ? (transition(machine, from as never, { type })[0] as Snapshot) : undefined
  // One snapshot a state, so that what is known stays as small as the chart.
  const value = JSON.stringify(to?.value)
  const one = to && (chart.byValue.get(value) ?? to)
  if (one) chart.byValue.set(value, one)
  known.set(type, one)
  return one
}

export class Lifecycle<Machine extends AnyStateMachine> {
  private readonly machine: Machine
  private readonly subject: string
  private snapshot: Snapshot

  /** `subject` names what lives, for messages: `task count[0]`. */
  constructor(machine: Machine, subject: string) {
    this.machine = machine
    this.subject = subject
    this.snapshot = chartOf(machine).initial
  }

  get state(): string {
    return String(this.snapshot.value)
  }

  is(...states: readonly string[]): boolean {
    return states.includes(this.state)
  }

  can(event: EventFromLogic<Machine>): boolean {
    const { type } = event as { readonly type: string }
    return nextOf(this.machine, this.snapshot, type) !== undefined
  }

  send(event: EventFromLogic<Machine>): void {
    const { type } = event as { readonly type: string }
    const next = nextOf(this.machine, this.snapshot, type)
    if (!next) throw new InvariantError(`${this.subject}: '${type}' in state '${this.state}'`)
    this.snapshot = next
  }
}
