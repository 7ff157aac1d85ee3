/** The side of `joinStatic`: a bounded source, read whole into memory and known by what it holds. */
import { createHash } from 'node:crypto'
import { encodeValue } from '../../core/codec/index.ts'
import { freezeDeep } from '../../core/codec/freeze.ts'
import type { StepName } from '../../core/ids.ts'
import { encodeKey, mapKey, type Key } from '../../core/keys/index.ts'
import { limits } from '../../core/limits.ts'
import type { Timers } from '../../core/ports/index.ts'
import { keySelectorThrew, operatorThrew } from '../errors.ts'
import type { Openings } from '../openings.ts'
import { BadRecord, type SourceContext, type SourceDefinition } from '../source.ts'
import { SourceError } from '../sources/errors.ts'

export interface StaticSide {
  /** In the order of the source; frozen, since every record sees the same ones. */
  rowsOf(key: Key): readonly unknown[]
  readonly rows: number
  /** SHA-256 of all rows in their order, hex. */
  readonly digest: string
}

export interface StaticSideParts {
  readonly step: StepName
  readonly source: SourceDefinition<unknown>
  readonly keyOf: (row: never) => Key
  readonly rowsMax: number
  readonly timers: Pick<Timers, 'soon'>
  readonly openings: Openings
}

/** Rows read in one go, before others have their turn: a few milliseconds. */
const rowsInOneGo = 2_000

/** Rejects with what the source rejects with, with `SIDE_TOO_LARGE`, and with `OPEN_TIMEOUT`. */
export async function loadSide(parts: StaticSideParts, context: SourceContext): Promise<StaticSide> {
  const { step, timers, openings } = parts
  const source = openings.source(step, parts.source)
  const reading = new Reading(parts)
  for (const split of await source.splits(context)) {
    const reader = await source.open(split, null, context)
    const read = () => openings.wait(step, `read of split '${split}'`, () => reader.read())
    try {
      for (let chunk = await read(); chunk !== null; chunk = await read()) {
        for (const record of chunk.records) {
          if (record instanceof BadRecord) throw record.error
          if (reading.take(record) % rowsInOneGo === 0) await new Promise<void>((go) => timers.soon(go))
        }
      }
    } finally {
      await openings.close(step, `close of split '${split}'`, () => reader.close())
    }
  }
  return reading.finish()
}

class Reading {
  private readonly parts: StaticSideParts
  private readonly hash = createHash('sha256')
  private readonly table = new Map<ReturnType<typeof mapKey>, unknown[]>()
  private rows = 0

  constructor(parts: StaticSideParts) {
    this.parts = parts
  }

  /** How many rows there are by now. */
  take(row: unknown): number {
    const { step, rowsMax } = this.parts
    if ((this.rows += 1) > rowsMax) {
      throw this.tooLarge(`more than ${rowsMax} rows`, 'raise rowsMax, or join it as a stream (joinLatest)')
    }
    const key = this.keyOf(row)
    try {
      const bytes = encodeValue(row)
      this.hash.update(`${bytes.length}:`).update(bytes)
    } catch (cause) {
      throw operatorThrew(step, cause, `row ${this.rows} of its side`)
    }
    const same = this.table.get(key)
    if (same?.length === limits.emitsPerCallMax) {
      throw this.tooLarge(
        `more than ${same.length} rows of one key`,
        'choose a key that tells more rows apart',
      )
    }
    if (same) same.push(freezeDeep(row))
    else this.table.set(key, [freezeDeep(row)])
    return this.rows
  }

  finish(): StaticSide {
    const { table, rows } = this
    return { rowsOf: (key) => table.get(mapKey(key)) ?? [], rows, digest: this.hash.digest('hex') }
  }

  private keyOf(row: unknown): ReturnType<typeof mapKey> {
    const { step, keyOf } = this.parts
    try {
      const key = keyOf(row as never)
      encodeKey(key)
      return mapKey(key)
    } catch (cause) {
      throw keySelectorThrew(step, cause)
    }
  }

  private tooLarge(what: string, mend: string): SourceError {
    const { step } = this.parts
    return new SourceError('SIDE_TOO_LARGE', `the side of '${step}' has ${what}; ${mend}`, {
      retry: 'fatal',
      details: { step },
    })
  }
}
