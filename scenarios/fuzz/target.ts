/** One decoder under fuzz. */
export interface FuzzTarget {
  readonly name: string
  /** Valid bytes; mutations begin with them. */
  readonly samples: readonly Uint8Array[]
  /** Reads bytes all the way to what the engine uses of them, or throws; answers whether they were accepted. */
  read(bytes: Uint8Array): boolean
  /**
   * Makes lengths and checksums right again, in place, as a forger would: what is behind them is reached. Absent
   * where there are none.
   */
  reseal?(bytes: Buffer): void
}
