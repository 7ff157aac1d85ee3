/** How many records make a frame of about `targetBytes`, learned from the frames that were made. */
export class BatchSize {
  private bytesPerRecord: number
  private readonly targetBytes: number
  private readonly recordsMax: number

  constructor(options: {
    readonly targetBytes: number
    readonly recordsMax: number
    readonly firstGuess: number
  }) {
    this.targetBytes = options.targetBytes
    this.recordsMax = options.recordsMax
    this.bytesPerRecord = options.targetBytes / options.firstGuess
  }

  get records(): number {
    const records = Math.round(this.targetBytes / this.bytesPerRecord)
    return Math.max(1, Math.min(this.recordsMax, records))
  }

  /** Follows a change within a few frames; a small frame says little, since most of it may be its header. */
  learn(records: number, bytes: number): void {
    const weight = Math.min(0.5, records / (2 * this.records))
    this.bytesPerRecord += (bytes / records - this.bytesPerRecord) * weight
  }
}
