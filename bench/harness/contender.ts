/** What a contender is: a function that runs in a process of its own and measures one thing once. */

/** Plain data: the driver passes it to the contender's process as JSON. */
export type Params = Readonly<Record<string, string | number | boolean | null>>

/** What came out; `value` is in the unit of the bench (records a second, or milliseconds). */
export interface Measured {
  readonly value: number
  /** Records a second of CPU time of the whole process, its garbage collector's threads included. */
  readonly perCpuSecond?: number
  /** Further figures, by name. */
  readonly notes?: Readonly<Record<string, number>>
}

export type Contender = (params: Params) => Promise<Measured>

export function numberOf(params: Params, name: string): number {
  const value = params[name]
  if (typeof value === 'number') return value
  throw new TypeError(`expected a number for parameter ${name}, got ${JSON.stringify(value)}`)
}

export function textOf(params: Params, name: string): string {
  const value = params[name]
  if (typeof value === 'string') return value
  throw new TypeError(`expected a text for parameter ${name}, got ${JSON.stringify(value)}`)
}

/** A checkpoint interval; null: no checkpoints but the final one. */
export function everyMsOf(params: Params): number | null {
  return params['everyMs'] === null ? null : numberOf(params, 'everyMs')
}

/** A wrong result is no result: contenders check theirs. */
export function expectEqual(what: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${what}: expected ${expected}, found ${found}`)
}
