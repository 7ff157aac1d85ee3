/** Any value as a short piece of a message: what was found where something else was expected. Never throws. */
const charactersMax = 200

export function show(value: unknown): string {
  const text = json(value)
  return text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text
}

function json(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, charactersMax + 1))
  if (typeof value === 'bigint') return `${value}n`
  // JSON has no NaN.
  if (typeof value === 'number') return String(value)
  try {
    return (
      JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner)) ??
      String(value)
    )
  } catch {
    // A cycle, or what user code throws when it is looked at.
    return typeof value
  }
}
