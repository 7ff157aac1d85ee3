/**
 * Timers of one keyed step in one task. They live in their key's entry, in a slot that users do not see, so that
 * snapshots (V1), undoing (P1), key groups and rescaling treat them as state. What is here besides is derived: per
 * domain a queue by time.
 *
 * - H1 For every timer in the state its queue has an entry of the same key and name that is not later. So moving a
 *   timer to a later time, as a session does at each record, costs no entry; a popped entry whose timer has moved
 *   is put back at its time, one whose timer is gone is forgotten.
 * - H2 Order: by time, then key, then name: the same after a restore.
 * - H3 A queue is at most about twice as large as it needs to be: it is weeded whenever it has doubled.
 */
import { MillraceError } from '../../core/errors.ts'
import type { Key } from '../../core/keys/index.ts'
import { invariant } from '../../core/invariant.ts'
import { limits } from '../../core/limits.ts'
import type { Entry } from './cells.ts'
import { TimerQueue, type PendingTimer } from './timer-queue.ts'
import { timerOf, withoutTimer, type KeyTimer, type TimerSlot } from './timer-slot.ts'

/** `event`: fires when the step's watermark has reached its time. `clock`: when processing time has. */
export type TimerDomain = 'event' | 'clock'

export interface Timer {
  readonly name: string
  /** The time that it was set for. */
  readonly atMs: number
  readonly domain: TimerDomain
}

/** Timers of the current key. */
export interface KeyTimers {
  /**
   * Event time: fires once no record older than or equal to `atMs` is to come; at the next watermark when that is
   * so already. A timer of the same name is replaced, in either domain. Whole ms since 1970.
   */
  at(name: string, atMs: number): void
  /** Processing time: fires when the clock has reached `atMs`. Those that input's end overtakes never fire. */
  atClock(name: string, atMs: number): void
  delete(name: string): void
}

/** Timers of the engine's own: when values of the key expire (`ttl.ts`). They are in the slot of the deadlines. */
export const sweepTimers = { event: '(event ttl)', clock: '(clock ttl)' } as const

export const isSweep = (name: string): boolean => name === sweepTimers.event || name === sweepTimers.clock

/** When the deadlines of a key are looked at; in their slot, by name. */
type Sweep = readonly [TimerDomain, atMs: number, ...unknown[]]
type Sweeps = Map<string, Sweep>

/** Of a step that has no timers, or no time-to-live. */
const noSlot = -1

export interface TimerHost {
  readonly current: Entry
  /** The key's entry, without making it current. */
  find(key: Key): Entry | undefined
  /** Makes an entry that was found current. */
  resume(entry: Entry): void
  attach(entry: Entry): void
  /** Lets go of the current entry when it holds nothing any more. */
  settle(entry: Entry): void
}

export interface FiredTimer {
  readonly key: Key
  readonly timer: Timer
}

/** Below this a queue is not weeded: it costs next to nothing. */
const weedFrom = 1024

export class TimerTable implements KeyTimers {
  /** Called when the earliest clock timer may have become an earlier one. */
  onClock: (() => void) | undefined
  private readonly host: TimerHost
  private readonly slot: number
  private readonly ttlSlot: number
  private readonly queues = { event: new TimerQueue(), clock: new TimerQueue() }
  private readonly weedAt = { event: weedFrom, clock: weedFrom }
  private ending = false
  private hops = 0

  constructor(host: TimerHost, slot = noSlot, ttlSlot = noSlot) {
    this.host = host
    this.slot = slot
    this.ttlSlot = ttlSlot
  }

  at(name: string, atMs: number): void {
    this.set(name, 'event', atMs)
  }

  atClock(name: string, atMs: number): void {
    this.set(name, 'clock', atMs)
  }

  delete(name: string): void {
    const entry = this.host.current
    const timer = timerOf(this.timersOf(entry), name)
    if (timer) this.drop(entry, timer)
  }

  /** Not after this moment does a timer of the domain fire: Infinity where there is none. It may be earlier. */
  nextMs(domain: TimerDomain): number {
    return this.queues[domain].peek()?.atMs ?? Infinity
  }

  /**
   * Takes the earliest timer that is due at `nowMs` and enters its key; undefined when none is. One of the engine's
   * own stays in the state: whoever sweeps sets its next time. The end of the input (Infinity) is no moment at which
   * anything expires.
   */
  take(domain: TimerDomain, nowMs: number): FiredTimer | undefined {
    const queue = this.queues[domain]
    for (let next = queue.peek(); next && next.atMs <= nowMs; next = queue.peek()) {
      queue.pop()
      const { key, name, atMs, hops } = next
      const entry = this.entryOf(next)
      if (entry === undefined) continue
      const held = this.heldBy(entry, name)
      if (held === undefined || domainOf(held) !== domain) continue
      const dueMs = dueMsOf(held)
      // H1: an entry for an earlier time is in the queue; one for a later time has yet to be made.
      if (dueMs !== atMs) {
        if (dueMs > atMs) queue.push(entry, name, dueMs, hops)
        continue
      }
      const sweeps = isHeldSweep(held)
      if (sweeps && nowMs === Infinity) continue
      this.host.resume(entry)
      if (!sweeps) {
        this.drop(entry, held)
        if (this.ending && (this.hops = hops + 1) > limits.timersInARowMax) throw endless(key, name)
      }
      return { key, timer: { name, atMs, domain } }
    }
    return undefined
  }

  /** H1 for an entry that was restored, or put back as it was. */
  track(entry: Entry): void {
    for (let timer: KeyTimer | undefined = this.timersOf(entry); timer; timer = timer.next) {
      this.push(timer.domain, entry, timer.name, timer.atMs)
    }
    for (const [name, [domain, atMs]] of this.sweepsOf(entry) ?? []) this.push(domain, entry, name, atMs)
  }

  /** H1 for a timer of the engine's own that the current key's slot holds at a new, or an earlier time. */
  sweepAt(domain: TimerDomain, atMs: number): void {
    this.push(domain, this.host.current, sweepTimers[domain], atMs)
  }

  /** The watermark is +Infinity: what timers set from now on fires too, but not for ever. */
  end(): void {
    this.ending = true
  }

  /** C10: the step has ended; what is left in the state never fires. */
  clear(): void {
    this.queues.event.replace([])
    this.queues.clock.replace([])
  }

  private set(name: string, domain: TimerDomain, atMs: number): void {
    if (typeof name !== 'string' || !Number.isSafeInteger(atMs) || isSweep(name)) throw illegal(name, atMs)
    const entry = this.host.current
    const timer = timerOf(this.timersOf(entry), name)
    if (timer === undefined) {
      this.begin(entry, name, domain, atMs)
    } else {
      const queued = timer.domain === domain && timer.atMs <= atMs
      timer.domain = domain
      timer.atMs = atMs
      if (queued) return
    }
    this.push(domain, entry, name, atMs)
  }

  /** For a key that has no timer of that name. */
  private begin(entry: Entry, name: string, domain: TimerDomain, atMs: number): void {
    invariant(this.slot !== noSlot, 'a step that sets timers has a slot for them')
    if (!entry.attached) this.host.attach(entry)
    const next = this.timersOf(entry)
    entry.slots[this.slot] = { name, domain, atMs, next } satisfies TimerSlot
  }

  private push(domain: TimerDomain, entry: Entry, name: string, atMs: number): void {
    const queue = this.queues[domain]
    const earliest = domain === 'clock' && atMs < this.nextMs('clock')
    queue.push(entry, name, atMs, this.hops)
    if (queue.size > this.weedAt[domain]) this.weed(domain)
    if (earliest) this.onClock?.()
  }

  /** H3 */
  private weed(domain: TimerDomain): void {
    const kept: PendingTimer[] = []
    const seen = new Set<unknown>()
    for (const pending of this.queues[domain].values()) {
      const { key, name, hops } = pending
      const entry = this.entryOf(pending)
      if (entry === undefined) continue
      const held = this.heldBy(entry, name)
      if (held === undefined || domainOf(held) !== domain || seen.has(held)) continue
      seen.add(held)
      kept.push({ key, entry, name, atMs: dueMsOf(held), hops })
    }
    this.queues[domain].replace(kept)
    this.weedAt[domain] = Math.max(weedFrom, 2 * kept.length)
  }

  /** A timer that is there. */
  private drop(entry: Entry, timer: KeyTimer): void {
    const slot = this.timersOf(entry)
    const left = slot && withoutTimer(slot, timer)
    entry.slots[this.slot] = left
    if (left === undefined) this.host.settle(entry)
  }

  /** Mostly it is still the one that the timer was set in: then there is nothing to look up. */
  private entryOf({ entry, key }: PendingTimer): Entry | undefined {
    return entry.attached ? entry : this.host.find(key)
  }

  /** The timer of a key, or one of the engine's own. */
  private heldBy(entry: Entry, name: string): KeyTimer | Sweep | undefined {
    if (this.ttlSlot !== noSlot && isSweep(name)) return this.sweepsOf(entry)?.get(name)
    return timerOf(this.timersOf(entry), name)
  }

  private timersOf(entry: Entry): TimerSlot | undefined {
    return entry.slots[this.slot] as TimerSlot | undefined
  }

  private sweepsOf(entry: Entry): Sweeps | undefined {
    return entry.slots[this.ttlSlot] as Sweeps | undefined
  }
}

const isHeldSweep = (held: KeyTimer | Sweep): held is Sweep => Array.isArray(held)
const domainOf = (held: KeyTimer | Sweep): TimerDomain => (isHeldSweep(held) ? held[0] : held.domain)
const dueMsOf = (held: KeyTimer | Sweep): number => (isHeldSweep(held) ? held[1] : held.atMs)

const illegal = (name: unknown, atMs: unknown): MillraceError =>
  new MillraceError(
    'TIMER_ILLEGAL',
    `a timer needs a name (other than '${sweepTimers.event}' and '${sweepTimers.clock}', the engine's own) and a time in whole milliseconds since 1970, got ${JSON.stringify(name)} at ${String(atMs)}`,
    { retry: 'record' },
  )

const endless = (key: Key, name: string): MillraceError =>
  new MillraceError(
    'TIMERS_ENDLESS',
    `the timer '${name}' of key ${JSON.stringify(String(key))} was set again by a timer ${limits.timersInARowMax} times after the end of the input; set none when the watermark is Infinity`,
    { retry: 'fatal' },
  )
