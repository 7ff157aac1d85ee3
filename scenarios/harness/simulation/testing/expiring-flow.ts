/** A flow whose state expires by event time and by the clock, in cells and without; what it finds by event time is the same in every run. */
import {
  cell,
  collect,
  flow,
  fromGenerator,
  listCell,
  mapCell,
  operator,
  toJsonl,
  type Flow,
} from '../../../../index.ts'
import { share } from './shape.ts'

interface Event {
  readonly id: number
  readonly key: string
  readonly atMs: number
}

interface Found {
  readonly what: string
  /** The event before it within the value's time-to-live, whichever reads and writes renewed it. */
  readonly before: number | null
  readonly kinds: readonly (readonly [string, number])[]
  readonly recent: readonly number[]
}

const startMs = 1_600_000_000_000
/** How far records come behind the highest time of their split. */
const disorderMs = 30
const clockTtlMs = 20

const remember = operator<string, Event, Found>()({
  state: {
    before: cell<number>({ ttlMs: 45, renewOn: 'read-write' }),
    kinds: mapCell<string, number>({ ttlMs: 120, time: 'event' }),
    recent: listCell<number>({ ttlMs: 60 }),
    clocked: cell<number>({ ttlMs: clockTtlMs, time: 'clock' }),
  },
  onRecord(ctx, { id }) {
    const { before, kinds, recent, clocked } = ctx.state
    const writtenMs = clocked.get()
    if (writtenMs !== undefined && ctx.nowMs() >= writtenMs + clockTtlMs)
      throw new Error('read what had expired')
    clocked.set(ctx.nowMs())
    ctx.emit({
      what: `${id}`,
      before: before.get() ?? null,
      kinds: [...kinds.entries()].sort(),
      recent: recent.values(),
    })
    if (id % 3 === 0) before.set(id)
    kinds.set(`kind ${id % 4}`, id)
    recent.append(id)
    if (id % 5 === 0) ctx.timers.at(`after ${id}`, ctx.timestampMs + 50)
  },
  onTimer(ctx, { name, atMs }) {
    // Of what is newer than the timer, more or less may have come.
    const recent = ctx.state.recent.values().filter((id) => event(id).atMs <= atMs)
    ctx.emit({ what: name, before: null, kinds: [], recent })
  },
})

/** The ids of a key's records, none more than 40 ms after those before it. */
const inARow = {
  init: (): number[] => [],
  add: (ids: number[], { id }: Event) => {
    ids.push(id)
    return ids
  },
  result: (ids: number[]) => ({ ids: [...ids] }),
}

/** Each key's records are of one split, so that they come in one order; silences let everything expire. */
export function expiring(size: number): Flow {
  const made = flow('expiring')
  const byKey = made
    .source('events', fromGenerator({ count: share(300, size), splits: 3, share: 'interleaved', at: event }))
    .eventTime('time', { atMs: (record) => record.atMs, latenessMaxMs: disorderMs })
    .keyBy('by-key', (record) => record.key)
  byKey.process('remember', remember).sink('files', toJsonl('/out'))
  byKey.aggregate('in-a-row', inARow, { ttl: { ttlMs: 40 } }).sink('rows', toJsonl('/rows'))
  byKey
    .reduce('first', (first) => first, { ttl: { ttlMs: 100, renewOn: 'read-write' } })
    .sink('firsts', collect())
  return made
}

function event(id: number): Event {
  const silenceMs = Math.floor(id / 40) * 150
  return { id, key: `t${id % 6}`, atMs: startMs + id * 4 + silenceMs - ((id * 7) % disorderMs) }
}
