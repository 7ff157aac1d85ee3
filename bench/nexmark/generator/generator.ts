/**
 * Nexmark's events: `at(n)` is a pure function of the configuration and the event's number, so that a source can go
 * on anywhere. Proportions, distributions and pacing are the public generator's (nexmark/nexmark, `PersonGenerator`,
 * `AuctionGenerator`, `BidGenerator`); README.md says where it contradicts itself and what was taken.
 */
import { Channels } from './channels.ts'
import { disorderFactor, ids, proportions, timeOf, type NexmarkConfig } from './config.ts'
import { Draws } from './draws.ts'
import type { Auction, Bid, NexmarkEvent, Person } from './events.ts'
import {
  inFlightAuctions,
  lastAuction,
  lastPerson,
  nextAuctionOfBid,
  nextBidder,
  nextSeller,
} from './references.ts'
import { Padding, word } from './words.ts'

/** Average bytes of an event, padding included. */
const bytes = { person: 200, auction: 500, bid: 100 } as const
const firstNames = [
  'Peter',
  'Paul',
  'Luke',
  'John',
  'Saul',
  'Vicky',
  'Kate',
  'Julie',
  'Sarah',
  'Deiter',
  'Walter',
] as const
const lastNames = [
  'Shultz',
  'Abrams',
  'Spencer',
  'White',
  'Bartels',
  'Walton',
  'Smith',
  'Jones',
  'Noris',
] as const
const cities = [
  'Phoenix',
  'Los Angeles',
  'San Francisco',
  'Boise',
  'Portland',
  'Bend',
  'Redmond',
  'Seattle',
  'Kent',
  'Cheyenne',
] as const
const states = ['AZ', 'CA', 'ID', 'OR', 'WA', 'WY'] as const
/** Until so many events later, the next `inFlightAuctions` auctions have come. */
const auctionEvents = Math.floor((inFlightAuctions * proportions.total) / proportions.auction)

export class Generator {
  private readonly config: NexmarkConfig
  private readonly draws: Draws
  private readonly padding: Padding
  private readonly channels: Channels

  constructor(config: NexmarkConfig) {
    this.config = config
    this.draws = new Draws(config.seed)
    this.padding = new Padding(config.seed)
    this.channels = new Channels(config.seed)
  }

  /** The event at place `place` of the stream. */
  at(place: number): NexmarkEvent {
    const { config } = this
    const n = config.firstEvent + numberAt(config, place)
    const draws = this.draws.begin(n)
    const dateTime = timeOf(config, n)
    const offset = n % proportions.total
    if (offset < proportions.person) return this.person(draws, n, dateTime)
    if (offset < proportions.person + proportions.auction) return this.auction(draws, n, dateTime)
    return this.bid(draws, n, dateTime)
  }

  private person(draws: Draws, n: number, dateTime: number): Person {
    const name = `${draws.of(firstNames)} ${draws.of(lastNames)}`
    const emailAddress = `${word(draws, 7)}@${word(draws, 5)}.com`
    const creditCard = `${digits(draws)} ${digits(draws)} ${digits(draws)} ${digits(draws)}`
    const city = draws.of(cities)
    const state = draws.of(states)
    const size = 8 + name.length + emailAddress.length + creditCard.length + city.length + state.length
    const extra = this.padding.extra(draws, size, bytes.person)
    const id = ids.firstPerson + lastPerson(n)
    return { kind: 'person', id, name, emailAddress, creditCard, city, state, dateTime, extra }
  }

  private auction(draws: Draws, n: number, dateTime: number): Auction {
    const seller = ids.firstPerson + nextSeller(draws, n)
    const category = ids.firstCategory + draws.below(ids.categories)
    const initialBid = draws.price()
    // The average life of an auction is what it takes to generate the auctions in flight.
    const horizonMs = timeOf(this.config, n + auctionEvents) - dateTime
    const expires = dateTime + 1 + draws.below(Math.max(horizonMs * 2, 1))
    const itemName = word(draws, 20)
    const description = word(draws, 100)
    const reserve = initialBid + draws.price()
    const extra = this.padding.extra(draws, 48 + itemName.length + description.length, bytes.auction)
    const id = ids.firstAuction + lastAuction(n)
    return {
      kind: 'auction',
      id,
      itemName,
      description,
      initialBid,
      reserve,
      dateTime,
      expires,
      seller,
      category,
      extra,
    }
  }

  private bid(draws: Draws, n: number, dateTime: number): Bid {
    const auction = ids.firstAuction + nextAuctionOfBid(draws, n)
    const bidder = ids.firstPerson + nextBidder(draws, n)
    const price = draws.price()
    const { channel, url } = this.channels.next(draws)
    const extra = this.padding.extra(draws, 32, bytes.bid)
    return { kind: 'bid', auction, bidder, price, channel, url, dateTime, extra }
  }
}

/** Which event, from 0, comes at a place: a fixed permutation within each group; what the input lacks of the last group keeps its place. */
function numberAt({ disorder, events }: NexmarkConfig, place: number): number {
  if (disorder === 1) return place
  const base = Math.floor(place / disorder) * disorder
  return base + disorder > events ? place : base + ((place * disorderFactor) % disorder)
}

const digits = (draws: Draws): string => String(draws.below(10_000)).padStart(4, '0')
