import { describe, expect, it } from 'vitest'
import { resolveConfig, type NexmarkConfig } from './config.ts'
import type { Auction, Bid, NexmarkEvent, Person } from './events.ts'
import { Generator } from './generator.ts'

function generate(given: Partial<NexmarkConfig>): NexmarkEvent[] {
  const config = resolveConfig(given)
  const generator = new Generator(config)
  return Array.from({ length: config.events }, (_, n) => generator.at(n))
}

const events = generate({ seed: 7, events: 50_000 })
const persons = events.filter((event): event is Person => event.kind === 'person')
const auctions = events.filter((event): event is Auction => event.kind === 'auction')
const bids = events.filter((event): event is Bid => event.kind === 'bid')

const share = <T>(items: readonly T[], wanted: (item: T) => boolean): number =>
  items.filter(wanted).length / items.length

describe('generator', () => {
  it('an event depends on the seed and its number alone', () => {
    const generator = new Generator(resolveConfig({ seed: 7, events: 50_000 }))
    const order = [49_999, 3, 12_345, 0, 3, 777]
    expect(order.map((n) => generator.at(n))).toEqual(order.map((n) => events[n]))
    expect(generate({ seed: 8, events: 100 })).not.toEqual(events.slice(0, 100))
  })

  it('has 1 person, 3 auctions and 46 bids of 50, with ids from 1000', () => {
    expect([persons.length, auctions.length, bids.length]).toEqual([1000, 3000, 46_000])
    expect(persons.map(({ id }) => id)).toEqual(persons.map((_, k) => 1000 + k))
    expect(auctions.map(({ id }) => id)).toEqual(auctions.map((_, k) => 1000 + k))
  })

  it('half of the bids go to hot auctions, three quarters come from hot bidders, as many auctions from hot sellers', () => {
    // The others hit a hot one now and then, by chance.
    expect(share(bids, ({ auction }) => auction % 100 === 0)).toBeCloseTo(0.505, 2)
    expect(share(bids, ({ bidder }) => bidder % 100 === 1)).toBeCloseTo(0.7525, 2)
    expect(share(auctions, ({ seller }) => seller % 100 === 0)).toBeCloseTo(0.7525, 1)
  })

  it('prices are log-uniform from 1 to 1,000,000 whole units, in cents', () => {
    expect(bids.every(({ price }) => Number.isInteger(price) && price >= 100 && price <= 1e8)).toBe(true)
    for (let power = 3; power < 8; power += 1)
      expect(share(bids, ({ price }) => price < 10 ** power)).toBeCloseTo((power - 2) / 6, 1)
  })

  it('bids and auctions refer to what is there, or comes within ten ids', () => {
    let person = 999
    let auction = 999
    const wrong: NexmarkEvent[] = []
    for (const event of events) {
      if (event.kind === 'person') person = event.id
      if (event.kind === 'auction') {
        auction = event.id
        if (event.seller > person + 10) wrong.push(event)
      }
      if (event.kind !== 'bid') continue
      if (event.auction > auction + 10 || event.auction < Math.max(1000, auction - 199)) wrong.push(event)
      if (event.bidder > person + 10) wrong.push(event)
    }
    expect(wrong).toEqual([])
  })

  it('times advance by the rate; auctions live as long as a hundred auctions take, on average', () => {
    expect(events[49_999]?.dateTime).toBe(resolveConfig().baseMs + 4999)
    const lives = auctions.map(({ dateTime, expires }) => expires - dateTime)
    expect(Math.min(...lives)).toBeGreaterThanOrEqual(1)
    expect(lives.reduce((sum, life) => sum + life, 0) / lives.length / 166.6).toBeCloseTo(1, 1)
  })

  it('sizes average 200, 500 and 100 bytes', () => {
    const average = (items: readonly { extra: string }[], size: (item: never) => number): number =>
      items.reduce((sum, item) => sum + item.extra.length + size(item as never), 0) / items.length
    expect(average(bids, () => 32) / 100).toBeCloseTo(1, 1)
    expect(
      average(auctions, ({ itemName, description }: Auction) => 48 + itemName.length + description.length) /
        500,
    ).toBeCloseTo(1, 1)
  })

  it('disorder permutes within its groups, and nothing else', () => {
    const shuffled = generate({ seed: 7, events: 1050, disorder: 100 })
    const ordered = generate({ seed: 7, events: 1050 })
    expect(shuffled).not.toEqual(ordered)
    for (let from = 0; from < 1000; from += 100) {
      const group = shuffled.slice(from, from + 100)
      expect(new Set(group)).toEqual(new Set(ordered.slice(from, from + 100)))
    }
    expect(shuffled.slice(1000)).toEqual(ordered.slice(1000))
  })

  it('refuses what cannot work', () => {
    expect(() => resolveConfig({ events: 0 })).toThrow('events must be a whole number ≥ 1, got 0')
    expect(() => resolveConfig({ disorder: 1906 })).toThrow('must not be a multiple of 953')
  })
})
