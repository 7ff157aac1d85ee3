/**
 * A consistent cut (Chandy & Lamport, "Distributed Snapshots", ACM TOCS 3(1), 1985): in every complete checkpoint what
 * a step received of a stream, and then what was on its way to it, is exactly what the other step sent. An aligned
 * checkpoint has nothing on its way.
 */
import { CheckpointView, type KeyState } from '../../../actors/inspect.ts'
import type { CheckpointStore } from '../../../snapshot/store.ts'

/** Numbered streams between two steps: each is sent by one key of one step, and received in order. */
export interface Hop {
  readonly from: string
  readonly to: string
  /** The step before `to`: `from` itself, or one behind it that keeps nothing. */
  readonly over: string
  /** The stream that a key of `from` sends, and how many records of it were sent: the highest number. */
  readonly sent: (state: KeyState) => Position
  /** The stream that a key of `to` receives, and the highest number of it that was received. */
  readonly received: (state: KeyState) => Position
  readonly recordOf: (record: unknown) => Position
}

export interface Position {
  readonly stream: string
  readonly number: number
}

export interface CutFindings {
  /** What is wrong, in words. */
  readonly violations: readonly string[]
  readonly checkpoints: number
  readonly unaligned: number
  /** Records on their way, in all checkpoints. */
  readonly onTheWay: number
}

/** Rejects where a checkpoint cannot be read. */
export async function checkCuts(store: CheckpointStore, hops: readonly Hop[]): Promise<CutFindings> {
  const violations: string[] = []
  let unaligned = 0
  let onTheWay = 0
  const views = await CheckpointView.all(store)
  for (const view of views) {
    const found = await view.onTheWay()
    const records = found.reduce((sum, link) => sum + link.records.length, 0)
    onTheWay += records
    if (view.info.unaligned) unaligned += 1
    else if (records > 0) violations.push(`aligned checkpoint ${view.info.id} has ${records} on their way`)
    for (const hop of hops) {
      for (const what of await checkHop(view, hop)) violations.push(`checkpoint ${view.info.id}: ${what}`)
    }
  }
  return { violations, checkpoints: views.length, unaligned, onTheWay }
}

async function checkHop(view: CheckpointView, hop: Hop): Promise<readonly string[]> {
  const sent = await positions(view, hop.from, hop.sent)
  const reached = await positions(view, hop.to, hop.received)
  const wrong: string[] = []
  for (const link of await view.onTheWay()) {
    if (link.from !== hop.over || link.to !== hop.to) continue
    for (const record of link.records) {
      const { stream, number } = hop.recordOf(record)
      const expected = (reached.get(stream) ?? 0) + 1
      if (number !== expected) wrong.push(`stream ${stream} goes on with ${number} instead of ${expected}`)
      reached.set(stream, number)
    }
  }
  for (const stream of new Set([...sent.keys(), ...reached.keys()])) {
    const [from, to] = [sent.get(stream) ?? 0, reached.get(stream) ?? 0]
    if (from !== to) wrong.push(`of stream ${stream} ${from} were sent, ${to} received or on their way`)
  }
  return wrong
}

async function positions(
  view: CheckpointView,
  step: string,
  positionOf: (state: KeyState) => Position,
): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  // Before its first record a step has nothing to be kept.
  if (!view.steps.some((each) => each.step === step)) return found
  for await (const state of view.keys(step)) {
    const { stream, number } = positionOf(state)
    found.set(stream, number)
  }
  return found
}
