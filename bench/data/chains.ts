/** Two chains of eight stateless steps: each contender calls these same functions. */
import { salePool, type Sale } from './records.ts'

export type Step =
  | { readonly kind: 'map'; readonly fn: (value: never) => unknown }
  | { readonly kind: 'filter'; readonly fn: (value: never) => boolean }

export interface Chain {
  readonly pool: readonly unknown[]
  readonly steps: readonly Step[]
  /** The hand-written loop: n records of the pool through the eight steps; the sum of what comes out. */
  readonly byHand: (n: number) => number
}

export type ChainName = 'records' | 'integers'

const mask = 4095

interface Net {
  readonly id: number
  readonly key: string
  readonly net: number
  readonly atMs: number
}
interface Hourly {
  readonly key: string
  readonly net: number
  readonly hour: number
}
interface Priced {
  readonly key: string
  readonly gross: number
  readonly hour: number
}

const hasPrice = (sale: Sale): boolean => sale.cents >= 100
const toNet = (sale: Sale): Net => ({
  id: sale.id,
  key: sale.key,
  net: sale.cents - (sale.cents >> 3),
  atMs: sale.atMs,
})
const isDear = (net: Net): boolean => net.net > 200
const toHourly = (net: Net): Hourly => ({ key: net.key, net: net.net, hour: net.id % 24 })
const isOpen = (hourly: Hourly): boolean => hourly.hour !== 3
const toPriced = (hourly: Hourly): Priced => ({
  key: hourly.key,
  gross: hourly.net + 7,
  hour: hourly.hour,
})
const isOdd = (priced: Priced): boolean => priced.gross % 10 !== 0
const toSum = (priced: Priced): number => priced.gross + priced.hour

function recordsByHand(pool: readonly Sale[]): (n: number) => number {
  return (n) => {
    let sum = 0
    for (let i = 0; i < n; i += 1) {
      const sale = pool[i & mask] as Sale
      if (!hasPrice(sale)) continue
      const net = toNet(sale)
      if (!isDear(net)) continue
      const hourly = toHourly(net)
      if (!isOpen(hourly)) continue
      const priced = toPriced(hourly)
      if (!isOdd(priced)) continue
      sum = (sum + toSum(priced)) | 0
    }
    return sum
  }
}

const addOne = (x: number): number => (x + 1) | 0
const notEighth = (x: number): boolean => (x & 7) !== 0
const timesThree = (x: number): number => (x * 3) | 0
const notSixteenth = (x: number): boolean => (x & 15) !== 1
const flip = (x: number): number => x ^ 0x55
const notThirtySecond = (x: number): boolean => (x & 31) !== 2
const minusNine = (x: number): number => (x - 9) | 0
const notSixtyFourth = (x: number): boolean => (x & 63) !== 3

function integersByHand(pool: readonly number[]): (n: number) => number {
  return (n) => {
    let sum = 0
    for (let i = 0; i < n; i += 1) {
      let x = addOne(pool[i & mask] as number)
      if (!notEighth(x)) continue
      x = timesThree(x)
      if (!notSixteenth(x)) continue
      x = flip(x)
      if (!notThirtySecond(x)) continue
      x = minusNine(x)
      if (!notSixtyFourth(x)) continue
      sum = (sum + x) | 0
    }
    return sum
  }
}

const map = <A, B>(fn: (value: A) => B): Step => ({ kind: 'map', fn })
const filter = <A>(fn: (value: A) => boolean): Step => ({ kind: 'filter', fn })

export function openChain(name: ChainName): Chain {
  if (name === 'integers') {
    const pool = Array.from({ length: mask + 1 }, (_, i) => i)
    return {
      pool,
      steps: [
        map(addOne),
        filter(notEighth),
        map(timesThree),
        filter(notSixteenth),
        map(flip),
        filter(notThirtySecond),
        map(minusNine),
        filter(notSixtyFourth),
      ],
      byHand: integersByHand(pool),
    }
  }
  const { pool } = salePool(1000)
  return {
    pool,
    steps: [
      filter(hasPrice),
      map(toNet),
      filter(isDear),
      map(toHourly),
      filter(isOpen),
      map(toPriced),
      filter(isOdd),
      map(toSum),
    ],
    byHand: recordsByHand(pool),
  }
}
