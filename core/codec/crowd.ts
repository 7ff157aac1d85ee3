/**
 * Bigints as members of a Set or keys of a Map. V8 hashes a bigint by its lowest 64 bits alone (`BigInt::Hash`), so
 * many that agree in them make every lookup a search through all: a forged message of 1 MB would stop the event loop
 * for a minute. So many are neither read nor written.
 */
export const crowdMax = 1_000

export const crowded = `found more than ${crowdMax} bigints that agree in their lowest 64 bits`

const low64 = 0xffff_ffff_ffff_ffffn

export class BigintCrowd {
  private counts: Map<bigint, number> | undefined

  /** False for one too many that agrees with others in its lowest 64 bits. */
  takes(value: bigint): boolean {
    const magnitude = value < 0n ? -value : value
    if (magnitude <= low64) return true
    const low = magnitude & low64
    this.counts ??= new Map()
    const count = (this.counts.get(low) ?? 0) + 1
    this.counts.set(low, count)
    return count <= crowdMax
  }
}
