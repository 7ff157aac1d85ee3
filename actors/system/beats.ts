/** What a worker's guardian says over its pipe: a line of JSON each half second. */
export const beatMs = 500

export interface Beat {
  /** How long the event loop has not turned. */
  readonly busyMs: number
  /** Whose turn it is, where that is known. */
  readonly task: string | null
}

/** A line is far shorter; what is longer is none. */
const lineCharsMax = 16 * 1024
const idle: Beat = { busyMs: 0, task: null }

/** Puts lines together again, however they were cut. */
export class BeatReader {
  private rest = ''
  private newest = idle

  /** The newest beat so far. What is no beat is passed over: it shows that the process lives, and no more. */
  read(chunk: Uint8Array): Beat {
    const lines = (this.rest + Buffer.from(chunk).toString('latin1')).split('\n')
    this.rest = (lines.pop() ?? '').slice(-lineCharsMax)
    for (const line of lines) this.newest = parseBeat(line) ?? this.newest
    return this.newest
  }
}

function parseBeat(line: string): Beat | undefined {
  let found: unknown
  try {
    found = JSON.parse(line)
  } catch {
    return undefined
  }
  const { busyBeats, task } = (found ?? {}) as { readonly busyBeats?: unknown; readonly task?: unknown }
  if (typeof busyBeats !== 'number') return undefined
  return { busyMs: busyBeats * beatMs, task: typeof task === 'string' ? task : null }
}
