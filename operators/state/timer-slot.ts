/**
 * What the hidden slot of a key's timers holds: mostly one timer, in one object, so that setting it anew makes
 * nothing and touches little memory. In snapshots, and wherever else an entry is copied, it is `StoredTimers`.
 */
import type { TimerDomain } from './timers.ts'

export interface KeyTimer {
  readonly name: string
  domain: TimerDomain
  atMs: number
  /** The key's next one, of another name. */
  next: KeyTimer | undefined
}

/** The first of a key's timers. */
export type TimerSlot = KeyTimer

/** By name: plain data, part of every snapshot. */
type StoredTimers = Map<string, readonly [TimerDomain, number]>

export function timerOf(slot: TimerSlot | undefined, name: string): KeyTimer | undefined {
  let timer = slot
  while (timer !== undefined && timer.name !== name) timer = timer.next
  return timer
}

/** The slot without one of its timers. */
export function withoutTimer(slot: TimerSlot, timer: KeyTimer): TimerSlot | undefined {
  if (slot === timer) return slot.next
  let before = slot
  while (before.next !== undefined && before.next !== timer) before = before.next
  before.next = timer.next
  return slot
}

function storedTimers(slot: TimerSlot): StoredTimers {
  const stored: StoredTimers = new Map()
  for (let timer: KeyTimer | undefined = slot; timer; timer = timer.next) {
    stored.set(timer.name, [timer.domain, timer.atMs])
  }
  return stored
}

/** Throws a TypeError where `stored` is no such map. */
function liveTimers(stored: StoredTimers): TimerSlot | undefined {
  let slot: TimerSlot | undefined
  for (const [name, [domain, atMs]] of stored) slot = { name, domain, atMs, next: slot }
  return slot
}

/** An entry's slots as they are stored: the same but for the timers. */
export function storedSlots(slots: readonly unknown[], timerSlot: number | undefined): readonly unknown[] {
  if (timerSlot === undefined || slots[timerSlot] === undefined) return slots
  return slots.map((value, slot) => (slot === timerSlot ? storedTimers(value as TimerSlot) : value))
}

/** The slots of an entry as they were stored, made live in place. */
export function liveSlots(slots: unknown[], timerSlot: number | undefined): unknown[] {
  if (timerSlot === undefined || slots[timerSlot] === undefined) return slots
  slots[timerSlot] = liveTimers(slots[timerSlot] as StoredTimers)
  return slots
}
