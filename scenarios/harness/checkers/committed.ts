/** C6, K1: output becomes visible only when its checkpoint, or a later one, is complete. */

/**
 * Committed files (`part-<task>-<checkpoint>.jsonl`) against the newest complete checkpoint. Returns what is wrong, in
 * words.
 */
export function checkCommitted(names: readonly string[], newestComplete: number): readonly string[] {
  return names.flatMap((name) => {
    const [, id] = /^part-\d+-(\d+)\.jsonl$/.exec(name) ?? []
    if (id === undefined) return [`${name} is not the name of a committed file`]
    return Number(id) <= newestComplete ? [] : [`${name} is visible, and only ${newestComplete} is complete`]
  })
}
