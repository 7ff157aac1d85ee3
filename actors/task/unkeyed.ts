/**
 * A step's state that belongs to no key: what the step itself keeps, the watermarks of its key groups (W1), and
 * how many late records it gave up, so that each is counted once whatever crashes.
 * A section is one or the other, so that the reader can tell: `{ own }`, `{ lanes }`,
 * `{ copy }`, `{ floors }` or `{ lateDropped }`.
 */
import { decodeValue, encodeValue } from '../../core/codec/index.ts'
import type { StepName } from '../../core/ids.ts'
import type { GroupRange } from '../../core/keys/index.ts'
import type { Lane, UnkeyedScope, UnkeyedSection } from '../../operators/operator.ts'
import { StateError } from '../../operators/state/errors.ts'
import type { Scope } from '../../snapshot/manifest.ts'
import type { OperatorNode } from './chain.ts'
import type { SectionDraft } from './sections.ts'
import type { WatermarkFloor } from './step-clock.ts'

type Content =
  | { readonly own: unknown }
  | { readonly lanes: readonly (readonly [Lane, unknown])[] }
  | { readonly copy: unknown }
  | { readonly floors: readonly WatermarkFloor[] }
  | { readonly lateDropped: number }

/** A section of a checkpoint, whichever task wrote it. */
export interface UnkeyedSource {
  readonly scope: Scope
  readonly bytes: Uint8Array
}

/** Captured at the barrier. */
export function unkeyedSections(node: OperatorNode, taskIndex: number): SectionDraft[] {
  const { name, instance, clock, step, late } = node
  const version = step.definition.keyed?.state.version ?? 1
  const draft = (scope: Scope, content: Content): SectionDraft => ({
    step: name,
    version,
    scope,
    chunks: [encodeValue(content)],
  })
  const list = { kind: 'list', index: taskIndex } as const
  const own = instance.unkeyed?.snapshot() ?? []
  const floors = node.timed && node.state ? clock.snapshot() : []
  return [
    ...own.map(({ scope, value }) => draft(scope.kind === 'split' ? scope : list, contentOf(scope, value))),
    ...(floors.length > 0 ? [draft(list, { floors })] : []),
    ...(late.dropped > 0 ? [draft(list, { lateDropped: late.dropped })] : []),
  ]
}

function contentOf({ kind }: UnkeyedScope, value: unknown): Content {
  if (kind === 'copy') return { copy: value }
  return kind === 'lanes' ? { lanes: value as readonly (readonly [Lane, unknown])[] } : { own: value }
}

/** The task that is restored. */
export interface RestoredTask {
  readonly index: number
  readonly of: number
  readonly groups: GroupRange
  /** Of the source at its head: those that it reads, and those of all its tasks. */
  readonly splits: { readonly mine: readonly string[]; readonly all: readonly string[] } | undefined
}

/**
 * Every task is given all sections. Floors are for whoever owns the groups; a split's section goes to the task that
 * reads the split, where the source is in the same task, and is shared out with the rest where it is not.
 */
export function restoreUnkeyed(
  { name, instance, clock, late }: OperatorNode,
  sections: readonly UnkeyedSource[],
  task: RestoredTask,
): void {
  const floors: WatermarkFloor[] = []
  const own: UnkeyedSection[] = []
  const copies: UnkeyedSource[] = []
  sections.forEach((source, i) => {
    const { scope, bytes } = source
    const content = decodeValue(bytes) as Content
    const isMine = (scope.kind === 'list' ? scope.index : i) % task.of === task.index
    if ('floors' in content) floors.push(...content.floors)
    else if ('copy' in content) copies.push(source)
    else if ('lateDropped' in content) {
      if (isMine) late.dropped += content.lateDropped
    } else if ('lanes' in content) {
      const value = content.lanes.filter(([lane]) => hasLane(task, lane) ?? isMine)
      if (value.length > 0) own.push({ scope: { kind: 'lanes' }, value })
    } else if (scope.kind === 'split' && task.splits) {
      if (task.splits.mine.includes(scope.split)) own.push({ scope, value: content.own })
    } else if (isMine) {
      own.push({ scope: scope.kind === 'split' ? scope : { kind: 'list' }, value: content.own })
    }
  })
  clock.restore(floors)
  const copy = chooseCopy(name, copies, task)
  if (copy) {
    const content = decodeValue(copy.bytes) as { readonly copy: unknown }
    own.push({ scope: { kind: 'copy' }, value: content.copy })
  }
  instance.unkeyed?.restore(own)
}

/** Undefined where no task knows the split: its source runs elsewhere, or is another one now. */
function hasLane({ groups, splits }: RestoredTask, lane: Lane): boolean | undefined {
  if (typeof lane === 'number') return lane >= groups.from && lane < groups.to
  return splits?.all.includes(lane) === true ? splits.mine.includes(lane) : undefined
}

/** A task's own copy; with another number of tasks the first one's, which all must equal (BS3). */
function chooseCopy(
  step: StepName,
  copies: readonly UnkeyedSource[],
  task: { readonly index: number; readonly of: number },
): UnkeyedSource | undefined {
  const of = (index: number): UnkeyedSource | undefined =>
    copies.find(({ scope }) => scope.kind === 'list' && scope.index === index)
  if (copies.length === task.of) return of(task.index)
  const first = of(0)
  if (!first || copies.every(({ bytes }) => Buffer.compare(bytes, first.bytes) === 0)) return first
  throw new StateError(
    'COPIES_DIFFER',
    `the tasks of '${step}' should all have written the same state and did not; what changes it must depend on nothing but the record and that state. Restore with ${copies.length} tasks, or begin anew`,
    { retry: 'fatal', details: { step, copies: copies.length } },
  )
}
