/**
 * Commits, from the disk's own journal: output staged at a barrier gets its visible name once, after the manifest of that
 * checkpoint or a later one is in the job log, and each task's in the order of its checkpoints. Of what was visible before
 * the power failed nothing may be above what is complete afterwards.
 */
export type JournalEntry =
  /** A file got its name; in the order in which that happened. */
  | { readonly kind: 'linked'; readonly path: string }
  /** The manifest of a checkpoint got its place in the job log, under this name. */
  | { readonly kind: 'completed'; readonly path: string; readonly checkpoint: number }
  /** Power failed: names that were not synced may be gone, and come again. `paths`: all that are left. */
  | { readonly kind: 'power lost'; readonly paths: ReadonlySet<string> }

interface Part {
  readonly task: string
  readonly checkpoint: number
}

/** Returns what is wrong, in words. */
export function checkCommitOrder(journal: Iterable<JournalEntry>): readonly string[] {
  const commits = new Commits()
  for (const entry of journal) {
    if (entry.kind === 'completed') commits.completed(entry.path, entry.checkpoint)
    else if (entry.kind === 'power lost') commits.powerLost(entry.paths)
    else commits.linked(entry.path)
  }
  return commits.violations
}

class Commits {
  readonly violations: string[] = []
  /** By the name of its slot. */
  private manifests = new Map<string, number>()
  private complete = 0
  private visible = new Map<string, Part>()
  private newest = new Map<string, number>()

  completed(path: string, checkpoint: number): void {
    this.manifests.set(path, checkpoint)
    this.complete = Math.max(this.complete, checkpoint)
  }

  linked(path: string): void {
    const part = partOf(path)
    if (!part) return
    const { task, checkpoint } = part
    if (checkpoint > this.complete) {
      this.violations.push(`${path} was committed, and only ${this.complete} was complete`)
    }
    if (this.visible.has(path)) this.violations.push(`${path} was committed twice`)
    this.visible.set(path, part)
    const before = this.newest.get(task) ?? 0
    if (checkpoint < before) this.violations.push(`${path} was committed after checkpoint ${before}`)
    this.newest.set(task, Math.max(before, checkpoint))
  }

  powerLost(paths: ReadonlySet<string>): void {
    this.manifests = new Map([...this.manifests].filter(([path]) => paths.has(path)))
    this.visible = new Map([...this.visible].filter(([path]) => paths.has(path)))
    this.complete = Math.max(0, ...this.manifests.values())
    // Which of several names were synced is chance: an older one may come again after a younger.
    this.newest = new Map()
    for (const [path, { checkpoint }] of this.visible) {
      if (checkpoint <= this.complete) continue
      this.violations.push(
        `${path} is visible after a power failure, and only ${this.complete} is still complete`,
      )
    }
  }
}

function partOf(path: string): Part | undefined {
  const [, task, checkpoint] = /^(.*\/part-\d+)-(\d+)\.jsonl$/.exec(path) ?? []
  return task === undefined ? undefined : { task, checkpoint: Number(checkpoint) }
}
