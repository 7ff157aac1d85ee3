/**
 * `joinStatic`: each record with the rows of a bounded source that have its key.
 *
 * - ST1: every task has read the whole side before the first record comes, at each start and restart. So no record
 *   waits, and what is joined depends on the record and the side alone.
 * - ST2: the side's digest is in every checkpoint. A restore that finds another side is refused (`SOURCE_CHANGED`),
 *   or, where `onChange: 'reload'` says so, goes on with the side as it is now.
 */
import { ConfigError } from '../../core/errors.ts'
import { invariant } from '../../core/invariant.ts'
import { encodeKey, type Key } from '../../core/keys/index.ts'
import { keySelectorThrew, operatorThrew } from '../errors.ts'
import type { ErrorPolicy, OperatorContext, OperatorDefinition, OperatorInstance } from '../operator.ts'
import type { Openings } from '../openings.ts'
import type { SourceContext, SourceDefinition } from '../source.ts'
import { SourceError } from '../sources/errors.ts'
import { oneOf, onErrorOf, wholeNumberOf } from '../stream-options.ts'
import type { ErasedJoinFn } from './definition.ts'
import type { JoinOptions } from './options.ts'
import { loadSide, type StaticSide } from './static-side.ts'

/** How the keys are read; rows of equal keys meet. */
export interface StaticKeys<T, R, K extends Key> {
  readonly left: (record: T) => K
  /** Of a row of the side. */
  readonly right: (row: R) => K
}

export interface StaticJoinOptions<Type extends 'inner' | 'left'> extends JoinOptions<Type> {
  /** More rows than that fail the job (`SIDE_TOO_LARGE`): each task holds all of them. Default 1,000,000. */
  readonly rowsMax?: number
  /**
   * What a restart does that finds other rows than the checkpoint's. `fail` (default): it is refused. `reload`: what
   * comes from then on is joined with the rows as they are now.
   */
  readonly onChange?: 'fail' | 'reload'
}

export interface StaticJoin {
  readonly source: SourceDefinition<unknown>
  readonly keys: StaticKeys<never, never, Key>
  readonly fn: ErasedJoinFn
  readonly keepsLeft: boolean
  readonly rowsMax: number
  readonly onChange: 'fail' | 'reload'
  readonly onError: ErrorPolicy
}

const rowsMaxDefault = 1_000_000
/** Half of what a `Map` takes. */
const rowsMaxMax = 8_000_000

/** Throws ConfigError `SIDE_ILLEGAL` and `OPTION_ILLEGAL`. */
export function resolveStatic(
  name: string,
  { source, keys, fn }: Pick<StaticJoin, 'source' | 'keys' | 'fn'>,
  options: StaticJoinOptions<'inner' | 'left'> = {},
): StaticJoin {
  const { type = 'inner', rowsMax = rowsMaxDefault, onChange = 'fail' } = options
  return {
    source: checkSide(name, source),
    keys,
    fn,
    keepsLeft: oneOf(name, 'type', type, ['inner', 'left']) === 'left',
    rowsMax: wholeNumberOf(name, 'rowsMax', rowsMax, { min: 1, max: rowsMaxMax }),
    onChange: oneOf(name, 'onChange', onChange, ['fail', 'reload']),
    onError: onErrorOf(name, options),
  }
}

export const staticJoin = (join: StaticJoin): OperatorDefinition => ({
  kind: 'joinStatic',
  onError: join.onError,
  ...(join.onChange === 'reload' && { caution: 'joins with its side as it is at each start' }),
  create: (context) => new StaticJoining(join, context),
})

class StaticJoining implements OperatorInstance {
  readonly unkeyed: NonNullable<OperatorInstance['unkeyed']>
  private readonly join: StaticJoin
  private readonly context: OperatorContext
  private side: StaticSide | undefined

  constructor(join: StaticJoin, context: OperatorContext) {
    this.join = join
    this.context = context
    this.unkeyed = {
      snapshot: () => [{ scope: { kind: 'copy' }, value: stored(this.loaded) }],
      restore: (sections) => {
        if (join.onChange === 'reload') return
        for (const { value } of sections) this.check(value as StoredSide)
      },
    }
  }

  /** ST1 */
  async load(context: SourceContext, openings: Openings): Promise<void> {
    const { source, keys, rowsMax } = this.join
    const { step, ports } = this.context
    const parts = { step, source, keyOf: keys.right, rowsMax, timers: ports.timers, openings }
    this.side = await loadSide(parts, context)
  }

  onRecord(record: unknown): void {
    const rows = this.loaded.rowsOf(this.keyOf(record))
    for (const row of rows) this.emit(record, row)
    if (rows.length === 0 && this.join.keepsLeft) this.emit(record, undefined)
  }

  private get loaded(): StaticSide {
    invariant(this.side !== undefined, `ST1: the side of '${this.context.step}' is loaded`)
    return this.side
  }

  private emit(record: unknown, row: unknown): void {
    let result: unknown
    try {
      result = this.join.fn(record as never, row as never)
    } catch (cause) {
      throw operatorThrew(this.context.step, cause)
    }
    this.context.emit(result)
  }

  private keyOf(record: unknown): Key {
    try {
      const key = this.join.keys.left(record as never)
      // A key that is none must not go for one without rows.
      encodeKey(key)
      return key
    } catch (cause) {
      throw keySelectorThrew(this.context.step, cause)
    }
  }

  /** ST2 */
  private check(before: StoredSide): void {
    const { rows, digest } = this.loaded
    if (before.digest === digest) return
    const { step } = this.context
    throw new SourceError(
      'SOURCE_CHANGED',
      `the side of '${step}' is not what the checkpoint's results were joined with: it had ${before.rows} rows with digest ${before.digest.slice(0, 12)}, and has ${rows} with ${digest.slice(0, 12)}. Put the old rows back, or say onChange: 'reload'`,
      { retry: 'fatal', details: { step, expected: before, found: stored(this.loaded) } },
    )
  }
}

interface StoredSide {
  readonly rows: number
  readonly digest: string
}

const stored = ({ rows, digest }: StaticSide): StoredSide => ({ rows, digest })

function checkSide(name: string, source: SourceDefinition<unknown>): SourceDefinition<unknown> {
  const refuse = (what: string): ConfigError =>
    new ConfigError('SIDE_ILLEGAL', `the side of '${name}' ${what}`)
  const given = source as Partial<typeof source> | undefined
  if (typeof given?.open !== 'function' || typeof given.splits !== 'function') {
    throw refuse(`must be what a from… function returns, got ${typeof source}`)
  }
  if (!source.replayable) throw refuse('cannot be read again after a restart; choose a source that replays')
  if (source.deadLetters) {
    throw refuse("cannot set bad rows aside, since no record has come yet; leave out badRows: 'dead-letter'")
  }
  return source
}
