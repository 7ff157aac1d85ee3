/**
 * Throughput of one pipeline over a set number of records, without its start and end: from the making of the record
 * that ends the first quarter to that of the last one. One pipeline a process, as in a service: what is compiled
 * for several at once is slower.
 */
import { numberOf, type Measured, type Params } from './contender.ts'
import { cpuMsSince, type Check } from './throughput.ts'

/** Record i of the source, for i below `count`. Every contender asks for each once, in order. */
export interface Records<T> {
  readonly count: number
  readonly at: (i: number) => T
}

/** `handle` resolves when all are through. */
export async function windowed<T>(
  params: Params,
  at: (i: number) => T,
  handle: (records: Records<T>) => Promise<Check>,
): Promise<Measured> {
  const count = numberOf(params, 'records')
  const first = count >> 2
  const last = count - 1
  let startedMs = NaN
  let tookMs = NaN
  let cpuBefore: NodeJS.CpuUsage | undefined
  let cpuMs = NaN
  const mark = (i: number): void => {
    if (i === first) {
      cpuBefore = process.cpuUsage()
      startedMs = performance.now()
    } else {
      tookMs = performance.now() - startedMs
      cpuMs = cpuMsSince(cpuBefore ?? process.cpuUsage())
    }
  }
  const check = await handle({
    count,
    at: (i) => {
      if (i === first || i === last) mark(i)
      return at(i)
    },
  })
  check()
  const records = last - first
  return {
    value: (records / tookMs) * 1000,
    perCpuSecond: (records / cpuMs) * 1000,
    notes: { records, ms: tookMs },
  }
}
