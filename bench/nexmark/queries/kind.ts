import type { NexmarkEvent } from '../generator/events.ts'

/** An event's fields as the public schema has them. */
export function withoutKind<E extends NexmarkEvent>({ kind: _kind, ...fields }: E): Omit<E, 'kind'> {
  return fields
}
