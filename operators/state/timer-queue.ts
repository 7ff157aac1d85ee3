/**
 * Timers that wait, of one domain, in the order in which they fire: by time, then key (numbers, strings, bigints,
 * booleans, tuples), then name.
 *
 * Keys whose timers fire together mostly set their next ones together too, in the order of the firing: a timer that
 * belongs right behind the one pushed before it is chained to it, and only the first of a chain is in the heap. So
 * windows of any number of keys cost a comparison or two a timer, and timers in disorder what a heap costs. Those that
 * are set again in the order in which they came are not even compared.
 */
import { Heap } from '../../core/heap.ts'
import { tupleToken, type Key } from '../../core/keys/index.ts'
import type { Entry } from './cells.ts'

export interface PendingTimer {
  readonly key: Key
  /** Of the key, when the timer was pushed; once it is not attached any more, another may be. */
  readonly entry: Entry
  readonly name: string
  readonly atMs: number
  /** Set after the end by a timer, which was set by a timer … */
  readonly hops: number
}

interface Link extends PendingTimer {
  /** Of the same time, and not before this one. */
  behind: Link | undefined
}

export class TimerQueue {
  size = 0
  private readonly heads = new Heap<Link>(inOrder)
  /** The newest, while it waits. */
  private last: Link | undefined
  /** The last that was popped, unless one that was due by then was pushed since. */
  private popped: Link | undefined
  /** The one popped before it, where it was due at the same time: so it belongs before it. */
  private poppedBefore: Link | undefined

  peek(): PendingTimer | undefined {
    return this.heads.peek()
  }

  push(entry: Entry, name: string, atMs: number, hops: number): void {
    // It may be popped next, and yet belong before the one popped last.
    if (this.popped !== undefined && atMs <= this.popped.atMs) this.popped = undefined
    const link: Link = { key: entry.key, entry, name, atMs, hops, behind: undefined }
    if (!this.chain(link)) this.heads.push(link)
    this.size += 1
  }

  pop(): PendingTimer | undefined {
    const first = this.heads.peek()
    if (first === undefined) return undefined
    if (first.behind === undefined) this.heads.pop()
    else this.heads.replaceFirst(first.behind)
    if (first === this.last) this.last = undefined
    this.size -= 1
    this.poppedBefore = this.popped?.atMs === first.atMs ? this.popped : undefined
    this.popped = first
    return first
  }

  *values(): IterableIterator<PendingTimer> {
    for (const head of this.heads.values()) {
      for (let link: Link | undefined = head; link; link = link.behind) yield link
    }
  }

  /** What waits instead, in any order; best in that of `values`. */
  replace(timers: readonly PendingTimer[]): void {
    this.last = undefined
    const heads: Link[] = []
    for (const timer of timers) {
      const link: Link = { ...timer, behind: undefined }
      if (!this.chain(link)) heads.push(link)
    }
    this.heads.replace(heads)
    this.size = timers.length
  }

  /** Puts a timer behind the newest, where it belongs there. */
  private chain(link: Link): boolean {
    const { last } = this
    this.last = link
    if (last?.atMs !== link.atMs || !(this.setAgain(last, link) || inOrder(last, link) <= 0)) return false
    last.behind = link
    return true
  }

  /** Whether both are set anew in the order in which they were popped: then keys and names need no comparison. */
  private setAgain(last: Link, link: Link): boolean {
    return isOf(last, this.poppedBefore) && isOf(link, this.popped)
  }
}

const isOf = (link: Link, other: Link | undefined): boolean =>
  link.entry === other?.entry && link.name === other.name

function inOrder(a: PendingTimer, b: PendingTimer): number {
  return a.atMs - b.atMs || compareKeys(a.key, b.key) || compare(a.name, b.name)
}

const ranks = ['number', 'string', 'bigint', 'boolean', 'object']

function compareKeys(a: Key, b: Key): number {
  if (typeof a !== typeof b) return ranks.indexOf(typeof a) - ranks.indexOf(typeof b)
  return typeof a === 'object' ? compare(tupleToken(a), tupleToken(b)) : compare(a, b as typeof a)
}

const compare = <V extends string | number | bigint | boolean>(a: V, b: V): number =>
  a < b ? -1 : a > b ? 1 : 0
