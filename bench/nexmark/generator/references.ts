/**
 * Which persons and auctions an event refers to. Ids follow from the event's number, so nothing is remembered: the
 * persons and auctions "so far" are counted, not kept. Numbers here are from 0; `ids` says where ids begin.
 */
import { proportions } from './config.ts'
import type { Draws } from './draws.ts'

/** The hot ones are the first (auctions, sellers) or second (bidders) of each hundred. */
const hotBatch = 100
const hotRatio = { auction: 2, seller: 4, bidder: 4 } as const
const activePersons = 1000
export const inFlightAuctions = 100
/** So many that do not exist yet may be referred to. */
const lead = 10

/** The newest person at event `n`; that event's own, if it is a person. */
export const lastPerson = (n: number): number => {
  const epoch = Math.floor(n / proportions.total)
  return epoch * proportions.person + Math.min(n % proportions.total, proportions.person - 1)
}

/** The newest auction at event `n`; that event's own, if it is an auction. −1 before the first. */
export const lastAuction = (n: number): number => {
  const epoch = Math.floor(n / proportions.total)
  const offset = (n % proportions.total) - proportions.person
  if (offset < 0) return epoch * proportions.auction - 1
  return epoch * proportions.auction + Math.min(offset, proportions.auction - 1)
}

export function nextSeller(draws: Draws, n: number): number {
  return draws.isHot(hotRatio.seller) ? firstOfBatch(lastPerson(n)) : anyPerson(draws, n)
}

/** The second of each hundred, so that hot bidders are not the hot sellers. */
export function nextBidder(draws: Draws, n: number): number {
  return draws.isHot(hotRatio.bidder) ? firstOfBatch(lastPerson(n)) + 1 : anyPerson(draws, n)
}

export function nextAuctionOfBid(draws: Draws, n: number): number {
  const last = lastAuction(n)
  if (draws.isHot(hotRatio.auction)) return firstOfBatch(last)
  const oldest = Math.max(last - inFlightAuctions, 0)
  return oldest + draws.below(last - oldest + 1 + lead)
}

function anyPerson(draws: Draws, n: number): number {
  const persons = lastPerson(n) + 1
  const active = Math.min(persons, activePersons)
  return persons - active + draws.below(active + lead)
}

const firstOfBatch = (id: number): number => Math.floor(id / hotBatch) * hotBatch
