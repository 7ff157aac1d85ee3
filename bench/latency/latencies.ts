/** How long records were on their way, in buckets of 10 µs up to a second; what is above counts as its maximum. */
const bucketsAMs = 100
const bucketMsMax = 1_000

export class Latencies {
  private readonly buckets = new Uint32Array(bucketsAMs * bucketMsMax + 1)
  private maxMs = 0
  private count = 0

  add(ms: number): void {
    const bucket = Math.min(this.buckets.length - 1, Math.max(0, Math.floor(ms * bucketsAMs)))
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1
    if (ms > this.maxMs) this.maxMs = ms
    this.count += 1
  }

  /** Nearest rank, ms: the upper end of its bucket. */
  percentile(share: number): number {
    let left = Math.ceil(share * this.count)
    for (let bucket = 0; bucket < this.buckets.length - 1; bucket += 1) {
      left -= this.buckets[bucket] ?? 0
      if (left <= 0) return (bucket + 1) / bucketsAMs
    }
    return this.maxMs
  }

  get max(): number {
    return this.maxMs
  }
}
