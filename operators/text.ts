/** Any value as one short line of text: for dead letters and messages, never to be parsed. */
export function toText(value: unknown, lengthMax = 2000): string {
  const text = typeof value === 'string' ? value : json(value)
  return text.length > lengthMax ? `${text.slice(0, lengthMax)}… (${text.length} characters)` : text
}

function json(value: unknown): string {
  try {
    return (
      JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? `${inner}n` : inner)) ??
      String(value)
    )
  } catch {
    return String(value)
  }
}
