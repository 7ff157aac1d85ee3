/** Reading a key group's state back, with what changed in the declarations since it was written. */
import type { Key } from '../../core/keys/index.ts'
import type { StepName } from '../../core/ids.ts'
import { StateError } from './errors.ts'
import { readChunks, type GroupHeader } from './group-format.ts'
import { timerCell, ttlCell, type StateSchema } from './schema.ts'

export interface RestoredGroup {
  readonly group: number
  readonly ended: boolean
  readonly header: GroupHeader
  readonly chunks: IterableIterator<unknown>
}

/** Reads the header; the rest is read by `readGroup`. Throws `STATE_DAMAGED`. */
export function openGroup(step: StepName, group: number, bytes: Uint8Array): RestoredGroup {
  try {
    const chunks = readChunks(bytes)
    const header = checkHeader(chunks.next().value)
    return { group, ended: header.ended, header, chunks }
  } catch (cause) {
    throw damaged(step, group, cause)
  }
}

export function readGroup(
  restored: RestoredGroup,
  target: { readonly step: StepName; readonly schema: StateSchema },
  take: (key: Key, slots: unknown[]) => void,
): void {
  const { step, schema } = target
  const convert = converter(restored.header, schema, step)
  try {
    for (const chunk of restored.chunks) {
      for (const [key, ...slots] of chunk as [Key, ...unknown[]][]) take(key, convert(slots))
    }
  } catch (cause) {
    if (cause instanceof StateError) throw cause
    throw damaged(step, restored.group, cause)
  }
}

function checkHeader(value: unknown): GroupHeader {
  const { cells, version, ended } = (value ?? {}) as Partial<GroupHeader>
  if (!Array.isArray(cells) || !Number.isSafeInteger(version) || typeof ended !== 'boolean') {
    throw new TypeError('no header')
  }
  return value as GroupHeader
}

function damaged(step: StepName, group: number, cause: unknown): StateError {
  return new StateError('STATE_DAMAGED', `the state of '${step}', key group ${group}, cannot be read`, {
    retry: 'fatal',
    cause,
    details: { step, group },
  })
}

function converter(
  header: GroupHeader,
  schema: StateSchema,
  step: StepName,
): (slots: unknown[]) => unknown[] {
  const now = schema.cells.map((cell) => cell.name)
  const incompatible = (what: string, mend: string): StateError =>
    new StateError('STATE_INCOMPATIBLE', `the stored state of '${step}' ${what}; ${mend}`, {
      retry: 'fatal',
      details: { step, stored: header, declared: { cells: now, version: schema.version } },
    })
  if (header.version > schema.version) {
    throw incompatible(`has version ${header.version}, this code has ${schema.version}`, 'run the newer code')
  }
  const { migrate } = schema
  if (header.version < schema.version && !migrate) {
    throw incompatible(
      `has version ${header.version}, this code has ${schema.version}`,
      'pass `migrate` to the operator, which turns the older values into the newer',
    )
  }
  // Values without their time-to-live are values; without their timers they are not what they were.
  const lost = header.cells.filter((name) => name !== ttlCell && !now.includes(name))
  if (lost.length > 0 && !migrate) {
    throw incompatible(
      `has cells that this code does not declare: ${lost.join(', ')}`,
      'declare them, or raise `version` and pass `migrate`',
    )
  }
  const asTheyAre =
    header.version === schema.version &&
    header.cells.join() === now.join() &&
    schema.cells.every(({ declaration }) => declaration.kind === 'cell')
  if (asTheyAre) return (slots) => slots
  return (slots) => {
    const {
      [timerCell]: timers,
      [ttlCell]: ttl,
      ...byName
    } = Object.fromEntries(header.cells.map((name, i) => [name, slots[i]]))
    const values = migrate && header.version < schema.version ? migrated(byName) : byName
    return schema.cells.map(({ name, declaration: { kind } }) => {
      // The engine's own: nobody migrates them.
      const value = name === timerCell ? timers : name === ttlCell ? ttl : values[name]
      if (value === undefined || kind === 'cell') return value
      if (kind === 'map' ? value instanceof Map : Array.isArray(value)) return value
      throw incompatible(
        `has no ${kind} in '${name}', which is declared as one`,
        'raise `version` and migrate',
      )
    })
  }

  function migrated(byName: Record<string, unknown>): Record<string, unknown> {
    try {
      return migrate?.(byName, header.version) ?? byName
    } catch (cause) {
      const thrown = incompatible(`could not be migrated: ${String(cause)}`, 'mend `migrate`')
      thrown.cause = cause
      throw thrown
    }
  }
}
