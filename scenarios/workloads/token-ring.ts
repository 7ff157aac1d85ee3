/**
 * Tokens that go round a ring of stations (Chandy & Lamport, "Distributed Snapshots", ACM TOCS 3(1), 1985, §2.2, with more
 * than one token). Flows have no cycles, so the ring is unrolled: as many keyed steps as a token passes stations. Each
 * seat of a station keeps a few tokens and passes the oldest on. Wherever a checkpoint cuts, every token is in one
 * place: still to come, at a station, on its way, or home.
 */
import { cell, flow, fromGenerator, operator } from '../../index.ts'
import type { Conserved } from '../harness/checkers/conservation.ts'

export interface Token {
  readonly id: number
  /** Stations that it was passed on by. */
  readonly passed: number
}

export interface TokenRingOptions {
  readonly tokens: number
  /** Default 3. */
  readonly stations?: number
  /** Default 2. */
  readonly turns?: number
  /** Awaited after every few tokens of a split. Default: nothing. */
  readonly breathe?: () => Promise<void>
  /** What a station passes on instead of a token. Default: the token. */
  readonly pass?: (token: Token) => readonly Token[]
}

const splits = 2
const seats = 4
/** Tokens that a seat keeps. */
const keptMax = 3
const breatheEvery = 4

const seatOf = ({ id, passed }: Token): number => (id * 5 + passed * 3) % seats

const station = (pass: (token: Token) => readonly Token[]) =>
  operator<number, Token, Token>()({
    state: { kept: cell<Token[]>(() => []) },
    onRecord(ctx, token) {
      const kept = [...ctx.state.kept.get(), token]
      const oldest = kept.length > keptMax ? kept.shift() : undefined
      ctx.state.kept.set(kept)
      if (oldest) for (const each of pass(oldest)) ctx.emit({ ...each, passed: each.passed + 1 })
    },
    onEnd(ctx) {
      for (const token of ctx.state.kept.get()) ctx.emit({ ...token, passed: token.passed + 1 })
      ctx.state.kept.set([])
    },
  })

const home = operator<number, Token, Token>()({
  state: { arrived: cell(() => 0) },
  onRecord(ctx, token) {
    ctx.state.arrived.update((arrived) => arrived + 1)
    ctx.emit(token)
  },
})

/** What comes home; sinks are the caller's. */
export function tokenRing(name: string, options: TokenRingOptions) {
  const { tokens, breathe, pass = (token: Token) => [token] } = options
  const made = flow(name)
  const step = station(pass)
  let ring = made.source(
    'tokens',
    fromGenerator<Token, number>({
      splits,
      async *open(position, split) {
        for (let i = position ?? 0; i * splits + split < tokens; i += 1) {
          if (i % breatheEvery === 0) await breathe?.()
          yield { value: { id: i * splits + split, passed: 0 }, position: i + 1 }
        }
      },
    }),
  )
  for (const each of stationsOf(options)) ring = ring.keyBy(`to-${each}`, seatOf).process(each, step)
  return { flow: made, arrivals: ring.keyBy('to-home', ({ id }) => id % seats).process('home', home) }
}

/** Every token comes home, from the last station. */
export const arrivalsOf = (options: TokenRingOptions): readonly Token[] =>
  Array.from({ length: options.tokens }, (_, id) => ({ id, passed: stationsOf(options).length }))

/** Each token is in one place. */
export function tokensConserved(options: TokenRingOptions): Conserved {
  const stations = stationsOf(options)
  return {
    total: options.tokens,
    toCome: { tokens: (given) => options.tokens - given },
    steps: {
      ...Object.fromEntries(stations.map((each) => [each, ({ cells }) => (cells['kept'] as Token[]).length])),
      home: ({ cells }) => cells['arrived'] as number,
    },
    onTheWay: Object.fromEntries([...stations, 'home'].map((each) => [each, () => 1])),
  }
}

const stationsOf = ({ stations = 3, turns = 2 }: TokenRingOptions): readonly string[] =>
  Array.from(
    { length: stations * turns },
    (_, at) => `turn-${Math.floor(at / stations)}-station-${at % stations}`,
  )
