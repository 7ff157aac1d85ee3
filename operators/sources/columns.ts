/** Names that a row's object can carry. */
export function requireColumns(columns: readonly string[], error: (message: string) => Error): void {
  const seen = new Set<string>()
  for (const name of columns) {
    if (name === '__proto__') throw error(`a column cannot be named '__proto__'`)
    if (seen.has(name)) throw error(`two columns are named '${name}'; give the names with columns`)
    seen.add(name)
  }
  if (columns.length === 0) throw error('expected at least one column')
}
