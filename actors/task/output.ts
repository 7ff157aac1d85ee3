/**
 * A task's outgoing edges: records are shared out to links and buffered there.
 *
 * - T1: `push` never refuses; a buffer that is full and cannot be flushed closes the gate.
 * - Buffers flush when full, before a barrier or an end, and when the task has nothing more to read.
 * - L3: a watermark goes behind the records buffered before it, with their batch; a second one does not wait for
 *   that. So it costs about one element a batch.
 */
import { isTyped } from '../../core/errors.ts'
import { hashKey, taskOfGroup, type Key } from '../../core/keys/index.ts'
import type { Signal, Watermark } from '../../core/elements.ts'
import type { LinkOutput } from '../../transport/link.ts'
import type { Edge } from '../../operators/graph.ts'
import type { Emit, TimeRegister } from '../../operators/operator.ts'
import { keySelectorThrew, operatorThrew } from '../../operators/errors.ts'
import { invariant } from '../../core/invariant.ts'
import type { Gate } from './gate.ts'

export class LinkBuffer {
  readonly link: LinkOutput
  private readonly edge: Edge
  private readonly gate: Gate
  private readonly register: TimeRegister | undefined
  private records: unknown[] = []
  /** Of `records`, on an edge with event time. */
  private times: number[] | undefined
  private watermark: Watermark | undefined
  private capacity: number
  private blocked = false

  /** With a `register` each record takes the time in it along. */
  constructor(link: LinkOutput, edge: Edge, gate: Gate, register?: TimeRegister) {
    this.link = link
    this.register = register
    this.times = register && []
    this.edge = edge
    this.gate = gate
    this.capacity = link.batchRecords
  }

  push(record: unknown): void {
    if (this.register !== undefined) this.times?.push(this.register.recordMs)
    if (this.records.push(record) >= this.capacity) this.full()
  }

  /** Sends what is buffered if there is room; reopens the gate when it had closed it. */
  flush(): boolean {
    if (!this.blocked && this.records.length === 0) return false
    if (!this.link.hasRoom) return false
    this.unblock()
    if (this.records.length === 0) return false
    this.send()
    return true
  }

  /**
   * In order behind everything pushed before. A barrier or an end goes whether there is room or not; what had to go
   * without room closes the gate: however many signals there are, the link is exceeded by one batch.
   */
  signal(signal: Signal): void {
    if (signal.kind === 'watermark') {
      this.signalWatermark(signal)
      return
    }
    if (this.records.length > 0) {
      if (!this.link.hasRoom) this.block()
      this.send()
    }
    this.link.sendSignal(signal)
  }

  private signalWatermark(watermark: Watermark): void {
    const waited = this.watermark !== undefined
    if (this.records.length > 0) {
      this.watermark = watermark
      if (waited && this.link.hasRoom) this.send()
    } else this.link.sendSignal(watermark)
  }

  private full(): void {
    if (this.link.hasRoom) {
      this.unblock()
      this.send()
    } else this.block()
  }

  private block(): void {
    if (this.blocked) return
    this.blocked = true
    this.gate.blocked += 1
  }

  private unblock(): void {
    if (!this.blocked) return
    this.blocked = false
    this.gate.blocked -= 1
  }

  private send(): void {
    const { records, times, watermark } = this
    this.records = []
    this.times = times && []
    this.watermark = undefined
    try {
      this.link.sendBatch(records, times)
    } catch (cause) {
      throw isTyped(cause) ? operatorThrew(this.edge.from, cause, 'a record it emitted') : cause
    }
    this.capacity = this.link.batchRecords
    if (watermark) this.link.sendSignal(watermark)
  }
}

/** One edge's records to the tasks behind it. `links` are in the order of the receiving tasks. */
export function partitionEmit(edge: Edge, links: readonly LinkBuffer[], keyGroups: number): Emit {
  const only = links[0]
  invariant(only !== undefined, `edge ${edge.from} → ${edge.to} has links`)
  if (links.length === 1) return (record) => only.push(record)
  switch (edge.partition.kind) {
    case 'hash':
      return hashEmit(edge, links, keyGroups)
    case 'broadcast':
      return (record) => {
        for (const link of links) link.push(record)
      }
    case 'forward':
    case 'round-robin': {
      let next = 0
      return (record) => {
        links[next]?.push(record)
        next = next + 1 === links.length ? 0 : next + 1
      }
    }
  }
}

function hashEmit(edge: Edge, links: readonly LinkBuffer[], keyGroups: number): Emit {
  const { partition } = edge
  invariant(partition.kind === 'hash', 'hash edge')
  const { keyOf } = partition
  const byGroup = Array.from({ length: keyGroups }, (_, group) => {
    const link = links[taskOfGroup(group, links.length, keyGroups)]
    invariant(link !== undefined, `group ${group} has a task`)
    return link
  })
  return (record) => {
    let key: Key
    try {
      key = keyOf(record as never)
    } catch (cause) {
      throw keySelectorThrew(edge.from, cause)
    }
    let hash: number
    try {
      hash = hashKey(key)
    } catch (cause) {
      throw operatorThrew(edge.from, cause)
    }
    byGroup[hash % keyGroups]?.push(record)
  }
}
