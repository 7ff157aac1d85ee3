/**
 * Commits, from the disk's own journal: output staged at a barrier gets its visible name once, after the manifest of that
 * checkpoint or a later one is in the job log, and each task's in the order of its checkpoints.
 */
export type JournalEntry =
  /** A file got its name; in the order in which that happened. */
  | { readonly kind: 'linked'; readonly path: string }
  /** Power failed: names that were not synced may be gone, and come again. */
  | { readonly kind: 'power lost' }

export interface ManifestPlace {
  readonly term: number
  readonly slot: number
  readonly checkpoint: number
}

/** Returns what is wrong, in words. `manifests`: of every checkpoint that was ever complete. */
export function checkCommitOrder(
  journal: readonly JournalEntry[],
  manifests: readonly ManifestPlace[],
): readonly string[] {
  const ids = new Map(manifests.map(({ term, slot, checkpoint }) => [`${term}/${slot}`, checkpoint]))
  let complete = 0
  const visible = new Set<string>()
  const newest = new Map<string, number>()
  const violations: string[] = []
  for (const entry of journal) {
    if (entry.kind === 'power lost') {
      visible.clear()
      newest.clear()
      continue
    }
    const { path } = entry
    const [, slot] = /\/log\/(\d+\/\d+)$/.exec(path) ?? []
    const id = slot === undefined ? undefined : ids.get(slot)
    if (id !== undefined) complete = Math.max(complete, id)
    const [, task, of] = /^(.*\/part-\d+)-(\d+)\.jsonl$/.exec(path) ?? []
    if (task === undefined) continue
    const checkpoint = Number(of)
    if (checkpoint > complete) violations.push(`${path} was committed, and only ${complete} was complete`)
    if (visible.has(path)) violations.push(`${path} was committed twice`)
    visible.add(path)
    const before = newest.get(task) ?? 0
    if (checkpoint < before) violations.push(`${path} was committed after checkpoint ${before}`)
    newest.set(task, Math.max(before, checkpoint))
  }
  return violations
}
