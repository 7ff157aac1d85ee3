/** Units a second over the last seconds. */
const windowMs = 3_000

export class Rate {
  private readonly samples: { readonly count: number; readonly atMs: number }[] = []

  /** The rate now that `count` is reached; 0 at first, and after a restart that went back. */
  of(count: number, atMs: number): number {
    const { samples } = this
    samples.push({ count, atMs })
    while (samples.length > 2 && atMs - (samples[0]?.atMs ?? atMs) > windowMs) samples.shift()
    const first = samples[0]
    if (!first || atMs <= first.atMs) return 0
    return Math.max(0, ((count - first.count) * 1000) / (atMs - first.atMs))
  }
}
