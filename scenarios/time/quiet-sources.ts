/** Fault 63, by event time: sources that say nothing, or nothing more, beside one that waits for its results. */
import { count, flow, fromGenerator, toJsonl, tumbling, type Flow } from '../../index.ts'
import { scenario, type DeclaredScenario, type Play, type Stage } from '../harness/scenario/scenario.ts'
import { sightings, type Sightings } from './sightings.ts'

interface Event {
  readonly id: number
  readonly at: number
}

const sizeMs = 100
const talks = 120
const shorts = 5
/** The talker goes on only when the results of what it said before are seen. */
const pauses = [40, 80] as const
const idleMs = 40
/** Windows whose end the talker's watermark has passed when it has said so many. */
const windowsBefore = (said: number): number => Math.floor(((said - 1) * 10) / sizeMs)
const windows = (talks * 10) / sizeMs

const talk = (id: number): Event => ({ id, at: id * 10 })
const short = (id: number): Event => ({ id: 1_000 + id, at: id * 10 })
/** Of the source that was silent: in the last window, where it cannot be late. */
const lastWord: Event = { id: 2_000, at: windows * sizeMs - 1 }

function talker(stage: Stage, seen: Sightings) {
  return fromGenerator<Event, number>({
    async *open(position) {
      for (let i = position ?? 0; i < talks; i += 1) {
        if (i % 4 === 0) await stage.breathe()
        if (i === pauses[0] || i === pauses[1]) await seen.until(windowsBefore(i))
        yield { value: talk(i), position: i + 1 }
      }
    },
  })
}

/** Says nothing until every window but the last is seen, and then one thing. */
const silent = (seen: Sightings) =>
  fromGenerator<Event, number>({
    async *open(position) {
      if (position !== null) return
      await seen.until(windowsBefore(talks))
      yield { value: lastWord, position: 1 }
    },
  })

const from = (made: Flow, name: string, source: Parameters<typeof made.source<Event>>[1], quietMs?: number) =>
  made.source(name, source, { parallelism: 1 }).eventTime(`${name}-time`, {
    atMs: ({ at }) => at,
    ...(quietMs !== undefined && { idleMs: quietMs }),
  })

const quiet = (stage: Stage): Play => {
  const made = flow('quiet')
  const seen = sightings(stage)
  from(made, 'talker', talker(stage, seen))
    .union('with-short', from(made, 'short', fromGenerator({ count: shorts, at: short })))
    .union('with-empty', from(made, 'empty', fromGenerator({ count: 0, at: short })))
    .union('with-silent', from(made, 'silent', silent(seen), idleMs))
    .keyBy('by-rest', ({ id }) => id % 2)
    .window('size', tumbling({ sizeMs }))
    .aggregate('count', count())
    .map('row', ({ key, startMs, value }) => {
      seen.note(`${startMs}`)
      return { key, startMs, count: value }
    })
    .sink('out', toJsonl(`${stage.folder}/out`), { parallelism: 1 })
  return { flow: made, records: talks + shorts + 1, expect: { out: rows() } }
}

function rows(): object[] {
  const events = [
    ...Array.from({ length: talks }, (_, id) => talk(id)),
    ...Array.from({ length: shorts }, (_, id) => short(id)),
    lastWord,
  ]
  return Array.from({ length: windows * 2 }, (_, n) => ({ key: n % 2, startMs: Math.floor(n / 2) * sizeMs }))
    .map(({ key, startMs }) => {
      const those = events.filter(
        ({ id, at }) => id % 2 === key && Math.floor(at / sizeMs) * sizeMs === startMs,
      )
      return { key, startMs, count: those.length }
    })
    .filter((row) => row.count > 0)
}

export const quietSources: readonly DeclaredScenario[] = [
  scenario(
    'quiet-sources',
    {
      group: 'time',
      faults: [63],
      promise:
        'sources that are empty, ended or idle hold no watermark: windows are shown while they are silent',
      module: import.meta.url,
      // Before, while and after the talker waits for the first time; what is idle has to become it again.
      kill: [
        { at: 'task.captured', role: 'worker', task: 'middle', hit: 3 },
        { at: 'task.uploaded', role: 'worker', task: 'last', hit: 2 },
        { at: 'task.uploaded', role: 'worker', task: 'first', hit: 12 },
      ],
    },
    quiet,
  ),
]
