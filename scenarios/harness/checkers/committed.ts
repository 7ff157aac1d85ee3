/** C6, K1: each checkpoint's output becomes visible once, and only after the checkpoint is complete. */

/**
 * Committed files (`part-<task>-<checkpoint>.jsonl`) against the ids of complete checkpoints, of which all must have been
 * kept. Returns what is wrong, in words.
 */
export function checkCommitted(names: readonly string[], completed: readonly number[]): readonly string[] {
  const known = new Set(completed)
  return names.flatMap((name) => {
    const [, id] = /^part-\d+-(\d+)\.jsonl$/.exec(name) ?? []
    if (id === undefined) return [`${name} is not the name of a committed file`]
    return known.has(Number(id)) ? [] : [`${name} is visible and checkpoint ${id} is not complete`]
  })
}
