/** For tests: keyed states, what they hold, and what a snapshot of one restores to. */
import { stepName } from '../../../core/ids.ts'
import { keyGroup, type Key } from '../../../core/keys/index.ts'
import { KeyedState } from '../keyed-state.ts'
import type { KeyedSnapshot } from '../keyed-snapshot.ts'
import type { GroupSection } from '../group-format.ts'
import { openGroup } from '../restore.ts'
import { stateSchema, type CellDeclarations, type Cells, type StateSchema } from '../schema.ts'

export const step = stepName('count')

export interface StateRange {
  readonly keyGroups?: number
  readonly from?: number
  readonly to?: number
}

export function makeState<D extends CellDeclarations>(
  declarations: D,
  range: StateRange & Parameters<typeof stateSchema>[1] = {},
): { state: KeyedState; cells: Cells<D>; schema: StateSchema } {
  const schema = stateSchema(declarations, range)
  const keyGroups = range.keyGroups ?? 8
  const state = new KeyedState({ step, schema, keyGroups, from: range.from ?? 0, to: range.to ?? keyGroups })
  return { state, cells: state.cells as Cells<D>, schema }
}

/** A section's bytes, as a part of a checkpoint holds them. */
export const bytesOf = (section: GroupSection): Uint8Array => new Uint8Array(Buffer.concat(section.chunks))

export function finish(snapshot: KeyedSnapshot): GroupSection[] {
  while (!snapshot.slice(100));
  return snapshot.sections()
}

/** Puts the sections of the groups that `state` owns into it. */
export function restoreInto(state: KeyedState, sections: readonly GroupSection[]): void {
  for (const section of sections) {
    if (state.owns(section.group)) state.restore(openGroup(step, section.group, bytesOf(section)))
  }
}

/** Keys with their slots, as a restore would read them. */
export function contentOf(
  sections: readonly GroupSection[],
  declarations: CellDeclarations,
): Map<Key, readonly unknown[]> {
  const { state } = makeState(declarations)
  restoreInto(state, sections)
  return new Map(
    state.keysToEnd().map((key) => {
      state.enter(key)
      return [key, state.current.slots] as const
    }),
  )
}

export const groupOf = (key: Key, keyGroups = 8): number => keyGroup(key, keyGroups)
