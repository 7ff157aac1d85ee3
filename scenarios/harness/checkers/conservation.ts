/**
 * Conservation: a quantity that the flow only moves around has the same sum in every complete checkpoint, not only at
 * the end. A cut that is not consistent, state of another checkpoint, a record taken twice or not at all changes it.
 */
import { CheckpointView, type KeyState } from '../../../actors/inspect.ts'
import type { CheckpointStore } from '../../../snapshot/store.ts'

export interface Conserved {
  /** By step: how much of it one key's state holds. */
  readonly steps: Readonly<Record<string, (state: KeyState) => number>>
  /** By the step to which a record is on its way: how much of it the record carries. */
  readonly onTheWay?: Readonly<Record<string, (record: never) => number>>
  /** By source: how much of it is still to come once so many records were read. */
  readonly toCome?: Readonly<Record<string, (recordsRead: number) => number>>
  readonly total: number
}

/**
 * Returns what is wrong, in words: one text a checkpoint. A step that no checkpoint of a finished job knows is wrong too.
 * Rejects where a checkpoint cannot be read.
 */
export async function checkConservation(
  store: CheckpointStore,
  { steps, onTheWay = {}, toCome = {}, total }: Conserved,
): Promise<readonly string[]> {
  const violations: string[] = []
  const unknown = new Set(Object.keys(steps))
  const views = await CheckpointView.all(store)
  for (const view of views) {
    const { id } = view.info
    const held: Record<string, number> = {}
    for (const [step, amountOf] of Object.entries(steps)) {
      held[step] = 0
      // Before its first record a step has nothing to be kept.
      if (!view.steps.some((each) => each.step === step)) continue
      unknown.delete(step)
      for await (const state of view.keys(step)) held[step] += amountOf(state)
    }
    for (const [source, amountOf] of Object.entries(toCome)) held[source] = amountOf(await read(view, source))
    for (const { to, records } of await view.onTheWay()) {
      const amountOf = onTheWay[to]
      if (!amountOf) continue
      const way = `on the way to ${to}`
      held[way] = records.reduce((sum: number, record) => sum + amountOf(record as never), held[way] ?? 0)
    }
    const sum = Object.values(held).reduce((a, b) => a + b, 0)
    if (sum !== total) {
      violations.push(`checkpoint ${id} holds ${sum} instead of ${total}: ${JSON.stringify(held)}`)
    }
  }
  // A job that came to its end had something to keep.
  if (!views.some(({ info }) => info.final)) return violations
  for (const step of unknown) violations.push(`no checkpoint holds anything of '${step}'`)
  return violations
}

/** Records of the source, over all its splits. */
async function read(view: CheckpointView, source: string): Promise<number> {
  const splits = await view.values(source)
  return splits.reduce((sum, { value }) => sum + (value as { readonly records: number }).records, 0)
}
