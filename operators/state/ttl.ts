/**
 * Time-to-live: until when what the cells of a key hold is valid. Deadlines are state, in a hidden slot of the key's
 * entry, so they are in every snapshot (V1), undone with the entry (P1) and moved with their key group.
 *
 * - X1 What has reached its deadline is never read again. The time that counts is that of the invocation: of the
 *   record, but not before the key's watermark; of the timer; at the end, of the last watermark. So what a record
 *   that is not late, or a timer, finds does not depend on how far the watermark was.
 * - X2 It goes: a key with deadlines has one hidden timer a domain, not later than its earliest deadline, or a
 *   sixteenth of the shortest time-to-live after the sweep before. A write never moves it to a later time: the sweep
 *   does, so writing costs no timer.
 * - X3 Records come in any order: by event time a deadline moves to later times only, until its value is gone. By the
 *   clock, which may be set back, the last write counts.
 * - X4 The end of the input expires nothing.
 * - X5 What has no deadline yet (written before the first watermark, or by code that declared no time-to-live) gets
 *   one at the next sweep, which is due at once.
 */
import type { Entry } from './cells.ts'
import type { TtlCell, TtlPlan } from './schema.ts'
import { sweepTimers, type TimerDomain, type TimerTable } from './timers.ts'
import { sweepers } from './ttl-sweep.ts'

/** Of a cell: one; of a map, by entry; of a list, in the order of its elements. */
export type Deadlines = number | Map<unknown, number> | number[]

/** Per domain, under the name of its sweep's timer: when it is due, and the deadlines by cell. */
type TtlSlot = Map<string, [domain: TimerDomain, sweepMs: number, deadlines: Map<string, Deadlines>]>

/** X5 */
const undated = Infinity
const atOnce = Number.MIN_SAFE_INTEGER

/** Shortest time-to-live over how long what has expired may stay in memory after it. */
const slackShare = 16

export interface TtlHost {
  readonly current: Entry
  settle(entry: Entry): void
}

export class TtlTable {
  private readonly host: TtlHost
  private readonly plan: TtlPlan
  private readonly timers: TimerTable
  private eventMs = -Infinity
  private clockMs = NaN
  private clock: { nowMs(): number } | undefined

  constructor(host: TtlHost, plan: TtlPlan, timers: TimerTable) {
    this.host = host
    this.plan = plan
    this.timers = timers
  }

  /** X1: an invocation begins, at an event time (−Infinity: none is known yet). */
  begin(eventMs: number, clock: { nowMs(): number }): void {
    this.eventMs = eventMs
    this.clock = clock
    this.clockMs = NaN
  }

  /** The deadlines of the current key's cell. */
  of(cell: TtlCell): Deadlines | undefined {
    return this.slotOf(this.host.current)?.get(timerOf(cell))?.[2].get(cell.name)
  }

  isValid(cell: TtlCell, deadlineMs: number | undefined): boolean {
    return deadlineMs === undefined || deadlineMs > this.nowMs(cell)
  }

  /** X3: the deadline of what is written now, or read where that renews it. */
  renewed(cell: TtlCell, beforeMs = undated): number {
    const deadlineMs = this.deadlineFrom(cell)
    if (beforeMs === undated || domainOf(cell) === 'clock') return deadlineMs
    return deadlineMs === undated ? beforeMs : Math.max(beforeMs, deadlineMs)
  }

  /** Keeps a cell's deadlines, of which `earliestMs` is new. */
  keep(cell: TtlCell, deadlines: Deadlines, earliestMs: number): void {
    const entry = this.host.current
    let slot = this.slotOf(entry)
    if (!slot) entry.slots[this.plan.slot] = slot = new Map()
    const sweepMs = earliestMs === undated ? atOnce : earliestMs
    this.schedule(slot, domainOf(cell), sweepMs).set(cell.name, deadlines)
  }

  /** The cell is emptied. */
  forget(cell: TtlCell): void {
    const deadlines = this.slotOf(this.host.current)?.get(timerOf(cell))?.[2]
    if (deadlines?.delete(cell.name) === true && deadlines.size === 0) this.drop(domainOf(cell))
  }

  /** X2: takes what has expired by `untilMs` from the current key, and sets the next sweep. */
  sweep(domain: TimerDomain, untilMs: number): void {
    const { current } = this.host
    const sweep = this.slotOf(current)?.get(sweepTimers[domain])
    if (!sweep) return
    const deadlines = sweep[2]
    const cells = this.plan.cells.filter((cell) => domainOf(cell) === domain)
    let nextMs = undated
    for (const cell of cells) {
      const dated = (deadlineMs = undated): number =>
        deadlineMs === undated ? this.deadlineFrom(cell) : deadlineMs
      const held = current.slots[cell.slot]
      const left = sweepers[cell.kind](held, deadlines.get(cell.name), { dated, untilMs })
      current.slots[cell.slot] = left?.value
      if (left) deadlines.set(cell.name, left.deadlines)
      else deadlines.delete(cell.name)
      nextMs = Math.min(nextMs, left?.earliestMs ?? undated)
    }
    if (deadlines.size === 0) this.drop(domain)
    else if (nextMs < undated) {
      const slackMs = Math.floor(Math.min(...cells.map(({ ttlMs }) => ttlMs)) / slackShare)
      sweep[1] = Math.max(nextMs, untilMs + slackMs)
      this.timers.sweepAt(domain, sweep[1])
    }
    this.host.settle(current)
  }

  /** X5 for an entry that was restored. What is no deadline of a cell as it is declared today is dropped. */
  adopt(entry: Entry): void {
    const slot = this.slotOf(entry) ?? (new Map() as TtlSlot)
    for (const [timer, [domain, , deadlines]] of slot) {
      for (const [name, held] of deadlines) {
        const known = this.plan.cells.find((cell) => cell.name === name && domainOf(cell) === domain)
        if (!known || !fits(known, held)) deadlines.delete(name)
      }
      if (deadlines.size === 0) slot.delete(timer)
    }
    for (const cell of this.plan.cells) {
      const timer = timerOf(cell)
      const sweep = slot.get(timer)
      if (isDated(entry.slots[cell.slot], sweep?.[2].get(cell.name))) continue
      if (sweep) sweep[1] = atOnce
      else slot.set(timer, [domainOf(cell), atOnce, new Map()])
    }
    entry.slots[this.plan.slot] = slot.size === 0 ? undefined : slot
  }

  private drop(domain: TimerDomain): void {
    const { current } = this.host
    const slot = this.slotOf(current)
    if (slot?.delete(sweepTimers[domain]) === true && slot.size === 0)
      current.slots[this.plan.slot] = undefined
  }

  private schedule(slot: TtlSlot, domain: TimerDomain, atMs: number): Map<string, Deadlines> {
    const timer = sweepTimers[domain]
    const sweep = slot.get(timer)
    if (sweep && sweep[1] <= atMs) return sweep[2]
    const made = sweep ?? [domain, atMs, new Map<string, Deadlines>()]
    made[1] = atMs
    slot.set(timer, made)
    this.timers.sweepAt(domain, atMs)
    return made[2]
  }

  private deadlineFrom(cell: TtlCell): number {
    const nowMs = this.nowMs(cell)
    return nowMs === -Infinity ? undated : Math.min(nowMs + cell.ttlMs, Number.MAX_SAFE_INTEGER)
  }

  /** The clock is read once an invocation, so that a value does not expire within it. */
  private nowMs(cell: TtlCell): number {
    if (domainOf(cell) === 'event') return this.eventMs
    if (Number.isNaN(this.clockMs)) this.clockMs = this.clock?.nowMs() ?? -Infinity
    return this.clockMs
  }

  private slotOf(entry: Entry): TtlSlot | undefined {
    return entry.slots[this.plan.slot] as TtlSlot | undefined
  }
}

const domainOf = ({ time = 'clock' }: TtlCell): TimerDomain => time
const timerOf = (cell: TtlCell): string => sweepTimers[domainOf(cell)]

const fits = ({ kind }: TtlCell, deadlines: Deadlines): boolean =>
  kind === 'cell'
    ? typeof deadlines === 'number'
    : kind === 'map'
      ? deadlines instanceof Map
      : Array.isArray(deadlines)

function isDated(value: unknown, deadlines: Deadlines | undefined): boolean {
  if (value === undefined) return true
  if (value instanceof Map && deadlines instanceof Map) {
    return [...value.keys()].every((key) => deadlines.has(key))
  }
  if (Array.isArray(value) && Array.isArray(deadlines)) return value.length === deadlines.length
  return deadlines !== undefined
}
