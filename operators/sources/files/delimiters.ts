/** Where records end in a file's bytes. */
const newline = 10
const quote = 34

export interface Delimiter {
  /**
   * The index after the record that begins at `from`, or -1 when its end is not in `bytes`. Asked again with
   * more bytes after the same beginning, it goes on where it stopped.
   */
  endOf(bytes: Buffer, from: number): number
}

/** A line is a record. */
export function lineDelimiter(): Delimiter {
  let seen = 0
  return {
    endOf(bytes, from) {
      const at = bytes.indexOf(newline, from + seen)
      seen = at === -1 ? bytes.length - from : 0
      return at + 1 || -1
    },
  }
}

const fieldStart = 0
const unquoted = 1
const quoted = 2
const quoteInQuoted = 3

/** A line is a record, but a line break inside a quoted field belongs to the field (RFC 4180). */
export function csvDelimiter(separator: number): Delimiter {
  let seen = 0
  let state = fieldStart

  const scan = (bytes: Buffer, from: number): number => {
    for (let i = from + seen; i < bytes.length; i += 1) {
      const c = bytes[i]
      if (state === quoted) {
        if (c === quote) state = quoteInQuoted
      } else if (c === quote && (state === fieldStart || state === quoteInQuoted)) {
        state = quoted
      } else if (c === newline) {
        seen = 0
        state = fieldStart
        return i + 1
      } else {
        state = c === separator ? fieldStart : unquoted
      }
    }
    seen = bytes.length - from
    return -1
  }

  let quoteFor: Buffer | undefined
  let quoteAt = -1
  /** Where the first quote at or after `from` is; `bytes.length` when there is none. */
  const nextQuote = (bytes: Buffer, from: number): number => {
    if (quoteFor === bytes && quoteAt >= from) return quoteAt
    const at = bytes.indexOf(quote, from)
    quoteFor = bytes
    quoteAt = at === -1 ? bytes.length : at
    return quoteAt
  }

  return {
    endOf(bytes, from) {
      if (seen === 0) {
        const at = bytes.indexOf(newline, from)
        if (at !== -1 && at < nextQuote(bytes, from)) return at + 1
      }
      return scan(bytes, from)
    },
  }
}
