/**
 * The watermark's way through one task, and the timers that it and the clock set off.
 *
 * - T1: each firing is one invocation; a watermark enters a step when it has left the one before, and leaves a step
 *   after its last timer. Records, barriers and ends wait until it is through.
 * - Timers that a handler sets at or below the watermark fire on the same way.
 * - It is sent on only where it changed, and never goes back.
 * - C10: what is known last is sent on before the end: behind it an idle input may hold back what only an end says.
 */
import type { StepName } from '../../core/ids.ts'
import { watermark, type Watermark } from '../../core/elements.ts'
import type { Ports } from '../../core/ports/index.ts'
import type { TimeRegister, WatermarkOut } from '../../operators/operator.ts'
import type { TimerDomain } from '../../operators/state/timers.ts'
import type { KeyedState } from '../../operators/state/keyed-state.ts'
import type { OperatorNode } from './chain.ts'

/** What a turn of the end was: an invocation, or nothing yet: a step has records under way. */
export type EndTurn = 'invoked' | 'waiting'

/** An output, and what it is told. */
export interface WatermarkTarget {
  readonly from: StepName
  readonly signal: (watermark: Watermark) => void
}

export interface WatermarkFlowParts {
  /** Every step follows its input. */
  readonly nodes: readonly OperatorNode[]
  /** The outputs with event time. */
  readonly targets: readonly WatermarkTarget[]
  readonly register: TimeRegister
  readonly ports: Pick<Ports, 'clock' | 'timers'>
  readonly wake: () => void
}

interface Stop {
  readonly node: OperatorNode
  readonly targets: readonly WatermarkTarget[]
  /** What left the step; of the step that it follows, what comes in. */
  readonly before: Gauge
  readonly out: Gauge
}

interface Gauge {
  atMs: number
  idle: boolean
}

/** The clock may jump: however far a timer is, it is looked at again after this. */
const lookAgainMs = 60_000

export class WatermarkFlow {
  private readonly parts: WatermarkFlowParts
  private readonly head: Gauge = { atMs: -Infinity, idle: false }
  private readonly stops: readonly Stop[]
  private readonly askers: readonly number[]
  /** Where the watermark is: the next step to enter, or behind the last. */
  private at: number
  private clockDue = false
  private armedMs = Infinity
  private disarm: (() => void) | undefined
  private over = false

  constructor(parts: WatermarkFlowParts) {
    this.parts = parts
    const outs = new Map<StepName, Gauge>()
    this.stops = parts.nodes.map((node): Stop => {
      const out: Gauge = { atMs: -Infinity, idle: false }
      outs.set(node.name, out)
      const before = (node.follows && outs.get(node.follows)) ?? this.head
      return { node, out, before, targets: parts.targets.filter(({ from }) => from === node.name) }
    })
    this.at = this.stops.length
    this.askers = [...this.stops.keys()].filter(
      (i) => this.stops[i]?.node.instance.watermarkOut !== undefined,
    )
    for (const { state } of parts.nodes) if (state?.timers) state.timers.onClock = () => this.arm()
    this.arm()
  }

  /** A watermark came in; `work` carries it through. */
  enter({ atMs, idle }: Watermark): void {
    if (this.over) return
    this.head.atMs = Math.max(atMs, this.head.atMs)
    this.head.idle = idle === true
    this.at = 0
  }

  /** Asks the steps that make watermarks, or hold them back; true when one of them has news. */
  ask(): boolean {
    if (this.over) return false
    for (const i of this.askers) {
      const stop = this.stops[i] as Stop
      const now = leaving(stop)
      if (now.atMs <= stop.out.atMs && now.idle === stop.out.idle) continue
      this.at = Math.min(this.at, i)
    }
    return this.at < this.stops.length
  }

  /** A watermark is on its way through. */
  get carrying(): boolean {
    return this.at < this.stops.length
  }

  /** Carries the watermark on, up to the end or over one timer; false when it was through already. */
  work(): boolean {
    if (!this.carrying) return false
    for (let stop = this.stops[this.at]; stop; stop = this.stops[(this.at += 1)]) {
      const { node, before } = stop
      if (!node.timed) continue
      node.clock.advance(before.atMs)
      if (this.fire(node, 'event', node.clock.lowestMs)) return true
      this.send(stop, leaving(stop))
    }
    return true
  }

  /** Fires one timer that the clock has reached; false when there is none. */
  tick(): boolean {
    if (!this.clockDue || this.over) return false
    const nowMs = this.parts.ports.clock.wallMs()
    for (const { node } of this.stops) if (this.fire(node, 'clock', nowMs)) return true
    this.clockDue = false
    this.arm()
    return false
  }

  /**
   * C10: the end, step by step: the watermark becomes +Infinity, the event timers fire, then `onEnd` runs for each
   * key, and what the step has under way leaves it, before the next step ends. One invocation a turn.
   */
  *end(): IterableIterator<EndTurn> {
    this.over = true
    for (const stop of this.stops) {
      const { node } = stop
      node.clock.advance(Infinity)
      if (node.instance.flush) {
        node.instance.flush()
        yield 'invoked'
      }
      if (node.state) yield* this.endKeys(node, node.state)
      while (node.instance.busy === true) yield 'waiting'
      if (node.timed) this.send(stop, leaving(stop, stop.before.atMs))
    }
    this.close()
  }

  private *endKeys(node: OperatorNode, state: KeyedState): IterableIterator<EndTurn> {
    const { instance, clock } = node
    state.timers?.end()
    while (this.fire(node, 'event', Infinity)) yield 'invoked'
    if (instance.onEnd) {
      for (const key of state.keysToEnd()) {
        this.parts.register.recordMs = clock.endMs
        instance.onEnd(key)
        yield 'invoked'
      }
    }
    state.markEnded()
  }

  close(): void {
    this.over = true
    this.disarm?.()
    this.disarm = undefined
    for (const { state } of this.parts.nodes) if (state?.timers) state.timers.onClock = undefined
  }

  private fire({ state, instance }: OperatorNode, domain: TimerDomain, untilMs: number): boolean {
    const fired = state?.timers?.take(domain, untilMs)
    if (!fired) return false
    this.parts.register.recordMs = fired.timer.atMs
    instance.onTimer?.(fired.key, fired.timer)
    return true
  }

  private send({ out, targets }: Stop, { atMs, idle }: WatermarkOut): void {
    if (atMs <= out.atMs && idle === out.idle) return
    out.atMs = Math.max(atMs, out.atMs)
    out.idle = idle
    for (const target of targets) target.signal(watermark(out.atMs, idle))
  }

  /** Has the task woken when the earliest clock timer is due. */
  private arm(): void {
    const nextMs = Math.min(...this.stops.map(({ node }) => node.state?.timers?.nextMs('clock') ?? Infinity))
    if (this.clockDue || nextMs >= this.armedMs) return
    const { clock, timers } = this.parts.ports
    this.disarm?.()
    this.armedMs = nextMs
    this.disarm = timers.after(Math.min(Math.max(0, nextMs - clock.wallMs()), lookAgainMs), () => {
      this.armedMs = Infinity
      this.clockDue = true
      this.parts.wake()
    })
  }
}

function leaving({ node, before }: Stop, atMs = node.clock.lowestMs): WatermarkOut {
  return node.instance.watermarkOut?.(atMs, before.idle) ?? { atMs, idle: before.idle }
}
