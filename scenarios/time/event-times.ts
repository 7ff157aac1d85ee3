/** Fault 57: times that no clock has shown, or will soon, among those of ordinary records. */
import { flow, fromGenerator, toJsonl, toList, tumbling, type Stream } from '../../index.ts'
import { scenario, type DeclaredScenario, type Play, type Stage } from '../harness/scenario/scenario.ts'
import type { KillPoint } from '../harness/scenario/kill-point.ts'

interface Event {
  readonly id: number
  readonly at: number
}

const records = 360
const splits = 2
const sizeMs = 100
/** How far records come behind the highest time of their split. */
const disorderMs = 60

/** What no clock shows within a year; a watermark that followed one of them would close every window at once. */
const absurd = [Number.MAX_SAFE_INTEGER, 8.64e15, 4e12, 1e14, Infinity, 2 ** 60, NaN, 0.5, -Infinity]

/** Each split begins in the far past, and goes on from before 1970 to after it; absurd ones from that record on. */
function eventOf(id: number, absurdFrom: number): Event {
  if (id < splits) return { id, at: [Number.MIN_SAFE_INTEGER + 1_000, -8.64e15][id] ?? NaN }
  const odd = Math.floor(id / 11)
  if (id >= absurdFrom && id % 11 === 5) return { id, at: absurd[odd % absurd.length] ?? NaN }
  return { id, at: id * 10 - (records * 10) / 2 - ((id * 37) % disorderMs) }
}

const isAbsurd = ({ at }: Event): boolean => absurd.some((each) => Object.is(each, at))

/** Every pane with the ids of its records, by a plain loop. */
function panesOf(events: readonly Event[]): object[] {
  const panes = new Map<number, number[]>()
  for (const { id, at } of events) {
    const startMs = Math.floor(at / sizeMs) * sizeMs
    panes.set(startMs, [...(panes.get(startMs) ?? []), id])
  }
  return [...panes].map(([startMs, ids]) => ({ startMs, ids }))
}

function eventsOf(stage: Stage, absurdFrom: number) {
  return fromGenerator<Event, number>({
    splits,
    async *open(position, split) {
      for (let i = position ?? 0; i * splits + split < records; i += 1) {
        if (i % 4 === 0) await stage.breathe()
        yield { value: eventOf(i * splits + split, absurdFrom), position: i + 1 }
      }
    },
  })
}

/** Output in `panes`; what was late, which nothing must be, in `late`. */
function windowed(stage: Stage, events: Stream<Event, 'event'>): void {
  const panes = events
    .keyBy('as-one', () => 0)
    .window('size', tumbling({ sizeMs }))
    .aggregate('list', toList())
  panes
    .map('ids', ({ startMs, value }) => ({ startMs, ids: value.map(({ id }) => id).sort((a, b) => a - b) }))
    .sink('panes', toJsonl(`${stage.folder}/panes`), { parallelism: 1 })
  panes.late.sink('late', toJsonl(`${stage.folder}/late`))
}

const all = (absurdFrom: number): Event[] =>
  Array.from({ length: records }, (_, id) => eventOf(id, absurdFrom))

const setAside = (stage: Stage): Play => {
  const made = flow('times-set-aside')
  const events = made
    .source('events', eventsOf(stage, 0))
    .eventTime('time', { atMs: ({ at }) => at, latenessMaxMs: disorderMs, onAbsurd: 'dead-letter' })
  windowed(stage, events)
  events.deadLetters
    .map('letter', ({ code, raw }) => ({ code, id: (JSON.parse(raw) as Event).id }))
    .sink('refused', toJsonl(`${stage.folder}/refused`), { parallelism: 1 })
  const refused = all(0).filter(isAbsurd)
  return {
    flow: made,
    records,
    expect: {
      panes: panesOf(all(0).filter((event) => !isAbsurd(event))),
      late: [],
      refused: refused.map(({ id }) => ({ code: 'EVENT_TIME_ABSURD', id })),
    },
  }
}

const refusing =
  (absurdFrom: number) =>
  (stage: Stage): Play => {
    const made = flow('times')
    const events = made
      .source('events', eventsOf(stage, absurdFrom))
      .eventTime('time', { atMs: ({ at }) => at, latenessMaxMs: disorderMs })
    windowed(stage, events)
    const legal = all(absurdFrom).filter((event) => !isAbsurd(event))
    return { flow: made, records, expect: { panes: panesOf(legal), late: [] } }
  }

interface Entry {
  readonly name: string
  readonly promise: string
  readonly kill: readonly KillPoint[]
  readonly play: (stage: Stage) => Play
  readonly failsWith?: string
}

/** While windows are open, and again once some of them are closed. */
const killed: readonly KillPoint[] = [
  { at: 'task.captured', role: 'worker', task: 'middle', hit: 5 },
  { at: 'task.uploaded', role: 'worker', task: 'first', hit: 7 },
]

const entries: readonly Entry[] = [
  {
    name: 'times-before-1970',
    promise:
      'times before 1970, and the first that there are, are in order: each record is in its window, none is late',
    kill: killed,
    play: refusing(Infinity),
  },
  {
    name: 'times-set-aside',
    promise: 'absurd times are dead letters: they close no window, and make nobody else late',
    kill: killed,
    play: setAside,
  },
  {
    name: 'times-refused',
    promise: 'without a policy an absurd time fails the job, and no window is shown before its turn',
    kill: [],
    // Those of the far future alone.
    play: refusing(200),
    failsWith: 'EVENT_TIME_ABSURD',
  },
]

export const eventTimes: readonly DeclaredScenario[] = entries.map(
  ({ name, promise, kill, play, failsWith }) =>
    scenario(
      name,
      {
        group: 'time',
        faults: [57],
        promise,
        module: import.meta.url,
        kill,
        ...(failsWith !== undefined && { ends: { failsWith } }),
      },
      play,
    ),
)
