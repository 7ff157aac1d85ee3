/** Small flows of windows, for the engine's own simulations: their output does not depend on who waits for whom. */
import {
  collect,
  count,
  early,
  flow,
  fromGenerator,
  min,
  session,
  sliding,
  toJsonl,
  toList,
  together,
  tumbling,
  type Flow,
} from '../../../../index.ts'
import { share } from './shape.ts'

interface Visit {
  readonly id: number
  readonly user: string
  readonly atMs: number
}

/** In disorder by up to 60 ms, also before 1970. */
const visitAt = (id: number): Visit => ({ id, user: `u${id % 5}`, atMs: id * 10 - ((id * 7919) % 61) - 500 })

const idsOf = (visits: readonly Visit[]): number[] => visits.map(({ id }) => id).sort((a, b) => a - b)

/** Slices, sums of them, sessions; records combined before the shuffle, and one by one. Nothing is late. */
export function windowed(size: number): Flow {
  const made = flow('windowed')
  const visits = made
    .source('visits', fromGenerator({ count: share(800, size), splits: 3, at: visitAt }))
    .eventTime('clock', { atMs: (visit) => visit.atMs, latenessMaxMs: 60 })
  const byUser = visits.keyBy('by-user', (visit) => visit.user)
  byUser
    .window('slide', sliding({ sizeMs: 2_000, slideMs: 200 }))
    .aggregate('seen', together({ n: count(), lowest: min((visit) => visit.id) }))
    .sink('seen-files', toJsonl('/seen'))
  byUser
    .window('tumble', tumbling({ sizeMs: 1_000, offsetMs: -100 }), { allowedLatenessMs: 400 })
    .aggregate('listed', toList())
    .map('ids', ({ key, startMs, endMs, value }) => ({ key, startMs, endMs, ids: idsOf(value) }))
    .sink('listed-values', collect())
  visits
    .filter('bursts', (visit) => visit.id % 100 < 25)
    .keyBy('by-parity', (visit) => visit.id % 2)
    .window('sessions', session({ gapMs: 150 }))
    .aggregate('session-ids', toList())
    .map('short', ({ key, startMs, endMs, value }) => ({ key, startMs, endMs, ids: idsOf(value) }))
    .sink('sessions-files', toJsonl('/sessions'))
  return made
}

/** Which records are late, and what each pane shows, depends on who waits for whom; but each record is there once. */
export function lateComers(size: number): Flow {
  const made = flow('late-comers')
  const windows = made
    .source('visits', fromGenerator({ count: share(300, size), splits: 3, at: visitAt }))
    .eventTime('clock', { atMs: (visit) => visit.atMs, latenessMaxMs: 5 })
    .keyBy('by-user', (visit) => visit.user)
    .window('tumble', tumbling({ sizeMs: 80 }), {
      allowedLatenessMs: 20,
      trigger: early({ everyCount: 3 }),
      panes: 'discard',
    })
    .aggregate('panes', toList())
  windows
    .flatMap('shown', ({ value }) => value)
    .union('each', windows.late)
    .map('id', ({ id }) => id)
    .sink('ids', collect())
  return made
}
