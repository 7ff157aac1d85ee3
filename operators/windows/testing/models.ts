/**
 * For tests: windows by definition, one window at a time over the whole history. Nothing is shared with the operators:
 * windows are found by going through all near a record's time, panes by reading the history from its start.
 */
import type { Panes } from '../options.ts'
import type { Trigger } from '../triggers.ts'

export interface Item {
  readonly key: string
  readonly id: number
  readonly atMs: number
}

export type Event =
  | { readonly kind: 'record'; readonly item: Item }
  | { readonly kind: 'watermark'; readonly atMs: number }
  | { readonly kind: 'restart' }

export interface Pane {
  readonly key: string
  readonly startMs: number
  readonly endMs: number
  readonly value: readonly number[]
}

export interface Expected {
  readonly panes: readonly Pane[]
  readonly late: readonly Item[]
}

export interface FixedShape {
  readonly sizeMs: number
  readonly slideMs: number
  readonly offsetMs: number
}

export interface Manner {
  readonly latenessMs: number
  readonly trigger: Trigger
  readonly panes: Panes
}

/** Starts of the windows that hold a time. */
function windowsAt(atMs: number, { sizeMs, slideMs, offsetMs }: FixedShape): number[] {
  const starts: number[] = []
  const turns = Math.ceil((Math.abs(atMs) + sizeMs + Math.abs(offsetMs)) / slideMs) + 1
  for (let turn = -turns; turn <= turns; turn += 1) {
    const startMs = offsetMs + turn * slideMs
    if (startMs <= atMs && atMs < startMs + sizeMs) starts.push(startMs)
  }
  return starts
}

const itemsOf = (history: readonly Event[]): Item[] =>
  history.flatMap((event) => (event.kind === 'record' ? [event.item] : []))

export function fixedModel(history: readonly Event[], shape: FixedShape, manner: Manner): Expected {
  const items = itemsOf(history)
  const panes: Pane[] = []
  const taken = new Set<number>()
  for (const key of new Set(items.map((item) => item.key))) {
    const starts = new Set(
      items.filter((item) => item.key === key).flatMap((item) => windowsAt(item.atMs, shape)),
    )
    for (const startMs of starts) {
      panes.push(...panesOf(history, key, startMs, startMs + shape.sizeMs, manner, taken))
    }
  }
  return { panes, late: items.filter((item) => !taken.has(item.id)) }
}

function panesOf(
  history: readonly Event[],
  key: string,
  startMs: number,
  endMs: number,
  { latenessMs, trigger, panes }: Manner,
  taken: Set<number>,
): Pane[] {
  const shown: Pane[] = []
  let watermarkMs = -Infinity
  let all: number[] = []
  let unshown = 0
  const show = (): void => {
    shown.push({ key, startMs, endMs, value: [...all].sort((a, b) => a - b) })
    unshown = 0
    if (panes === 'discard') all = []
  }
  for (const event of history) {
    if (event.kind === 'watermark') {
      const completes = watermarkMs < endMs - 1 && event.atMs >= endMs - 1
      watermarkMs = event.atMs
      const always = panes === 'accumulate' && trigger.kind !== 'record'
      if (completes && all.length > 0 && (always || unshown > 0)) show()
    } else if (event.kind === 'record') {
      const { item } = event
      if (item.key !== key || item.atMs < startMs || item.atMs >= endMs) continue
      if (endMs - 1 + latenessMs <= watermarkMs) continue
      taken.add(item.id)
      all.push(item.id)
      unshown += 1
      const due =
        trigger.kind === 'record' || (trigger.kind === 'every-count' && unshown >= trigger.everyCount)
      if (due || endMs - 1 <= watermarkMs) show()
    }
  }
  return shown
}

interface Session {
  readonly key: string
  readonly items: readonly Item[]
  /** Of its records, those that no pane has shown. */
  readonly unshown: readonly Item[]
}

/** Sessions as sets of records; everything else is computed from them when it is asked for. */
export function sessionModel(history: readonly Event[], gapMs: number, manner: Manner): Expected {
  const { latenessMs, trigger, panes } = manner
  const shown: Pane[] = []
  const late: Item[] = []
  let watermarkMs = -Infinity
  let sessions: Session[] = []
  const startOf = ({ items }: Session): number => Math.min(...items.map((item) => item.atMs))
  const endOf = ({ items }: Session): number => Math.max(...items.map((item) => item.atMs)) + gapMs
  const show = (session: Session): Session => {
    const value = (panes === 'discard' ? session.unshown : session.items).map((item) => item.id)
    const edges = { key: session.key, startMs: startOf(session), endMs: endOf(session) }
    shown.push({ ...edges, value: value.sort((a, b) => a - b) })
    return { ...session, unshown: [] }
  }
  for (const event of history) {
    if (event.kind === 'watermark') {
      const before = watermarkMs
      watermarkMs = event.atMs
      const always = panes === 'accumulate' && trigger.kind !== 'record'
      sessions = sessions
        .map((session) => {
          const completes = before < endOf(session) - 1 && watermarkMs >= endOf(session) - 1
          return completes && (always || session.unshown.length > 0) ? show(session) : session
        })
        .filter((session) => endOf(session) - 1 + latenessMs > watermarkMs)
    } else if (event.kind === 'record') {
      const { item } = event
      const alone: Session = { key: item.key, items: [item], unshown: [item] }
      const touches = (session: Session): boolean =>
        session.key === item.key && startOf(session) < endOf(alone) && startOf(alone) < endOf(session)
      const joined = [...sessions.filter(touches), alone]
      const made: Session = {
        key: item.key,
        items: joined.flatMap((session) => session.items),
        unshown: joined.flatMap((session) => session.unshown),
      }
      if (endOf(made) - 1 + latenessMs <= watermarkMs) {
        late.push(item)
        continue
      }
      const due =
        trigger.kind === 'record' ||
        (trigger.kind === 'every-count' && made.unshown.length >= trigger.everyCount)
      const fired = endOf(made) - 1 <= watermarkMs
      sessions = [...sessions.filter((session) => !touches(session)), due || fired ? show(made) : made]
    }
  }
  return { panes: shown, late }
}
