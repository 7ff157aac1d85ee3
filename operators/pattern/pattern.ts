/**
 * A pattern: a sequence of stages, each with a condition. `pattern<T>().begin(…)` begins one; `.next` wants the very
 * next record of the key, `.followedBy` any later one, `.within` bounds the time from the first record to the last.
 */
import { ConfigError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'

export interface Stage {
  readonly name: string
  readonly where: (record: never, earlier: never) => boolean
  /** True: the record must follow the one before directly. */
  readonly strict: boolean
}

/** The records of one match, by the names of the stages. */
export type Match<T, Names extends string> = { readonly [Name in Names]: T }

export interface Pattern<T, Names extends string> {
  /** The next record of the key must be one for which `where` is true; otherwise the attempt is over. */
  next<Name extends string>(name: Name, where: Where<T, Names>): Pattern<T, Names | Name>
  /** A later record for which `where` is true; those in between do not matter. */
  followedBy<Name extends string>(name: Name, where: Where<T, Names>): Pattern<T, Names | Name>
  /** From the first record's event time to the last one's, at most; without it, attempts last for ever. */
  within(withinMs: number): Pattern<T, Names>
  readonly stages: readonly Stage[]
  /** Infinity without `within`. */
  readonly withinMs: number
}

/** Whether a record fits its stage; `earlier` holds those of the stages before. */
export type Where<T, Names extends string> = (record: T, earlier: Match<T, Names>) => boolean

export interface PatternStart<T> {
  /** Each record for which `where` is true begins an attempt. */
  begin<Name extends string>(name: Name, where: (record: T) => boolean): Pattern<T, Name>
}

/** Begins a pattern over records of type `T`. Throws ConfigError `PATTERN_ILLEGAL`, also in its methods. */
export const pattern = <T>(): PatternStart<T> => ({
  begin: (name, where) => grow<T, typeof name>([], Infinity, { name, where, strict: false }),
})

function grow<T, Names extends string>(
  before: readonly Stage[],
  withinMs: number,
  stage: Stage,
): Pattern<T, Names> {
  if (typeof stage.name !== 'string' || stage.name === '' || before.some(({ name }) => name === stage.name)) {
    throw illegal(`each stage needs a name of its own, got ${JSON.stringify(stage.name)}`)
  }
  if (typeof stage.where !== 'function') throw illegal(`stage '${stage.name}' needs a condition`)
  if (before.length === limits.patternStagesMax)
    throw illegal(`it has more than ${limits.patternStagesMax} stages`)
  return make([...before, stage], withinMs)
}

function make<T, Names extends string>(stages: readonly Stage[], withinMs: number): Pattern<T, Names> {
  return Object.freeze({
    stages,
    withinMs,
    next: (name, where) => grow(stages, withinMs, { name, where, strict: true }),
    followedBy: (name, where) => grow(stages, withinMs, { name, where, strict: false }),
    within(ms) {
      if (Number.isSafeInteger(ms) && ms >= 1) return make(stages, ms)
      throw illegal(`withinMs must be a whole number ≥ 1, got ${ms}`)
    },
  } satisfies Pattern<T, Names>)
}

const illegal = (what: string): ConfigError =>
  new ConfigError('PATTERN_ILLEGAL', `a pattern cannot be: ${what}`)
