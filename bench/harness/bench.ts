/** What a bench is, as data: who runs, with what, and which ratios are wanted. */
import type { Params } from './contender.ts'

export interface Entrant {
  /** Unique in its bench. */
  readonly label: string
  /** A name in `contender.ts`. */
  readonly contender: string
  readonly params: Params
}

export interface RatioWanted {
  readonly of: string
  readonly to: string
  /** Of PERFORMANCE goals, where there is one: reached when the ratio is at least this. */
  readonly atLeast?: number
}

export interface LimitWanted {
  readonly of: string
  /** A note's name; absent: the value itself. */
  readonly note?: string
  readonly atMost: number
}

export interface Bench {
  readonly name: string
  readonly title: string
  readonly unit: 'records/s' | 'ms'
  readonly rounds: number
  readonly entrants: readonly Entrant[]
  readonly ratios: readonly RatioWanted[]
  readonly limits?: readonly LimitWanted[]
}

/** How long everything takes. */
export interface Sizes {
  readonly quick: boolean
  readonly rounds: number
  readonly warmMs: number
  readonly measureMs: number
}
