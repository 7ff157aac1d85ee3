/** The stream of events as the queries take it: all of it, or one kind. */
import { fromGenerator, type Flow, type Stream } from '../../../index.ts'
import type { NexmarkConfig } from '../generator/config.ts'
import type { Auction, Bid, NexmarkEvent, Person } from '../generator/events.ts'
import { Generator } from '../generator/generator.ts'

export class NexmarkInput {
  readonly events: Stream<NexmarkEvent>

  /** Splits take turns, as the partitions of a topic do, so that their times stay close together. */
  constructor(flow: Flow, config: NexmarkConfig, splits: number) {
    const generator = new Generator(config)
    this.events = flow.source(
      'events',
      fromGenerator({ count: config.events, splits, share: 'interleaved', at: (n) => generator.at(n) }),
    )
  }

  get persons(): Stream<Person> {
    return this.events.filter('persons', (event): event is Person => event.kind === 'person')
  }

  get auctions(): Stream<Auction> {
    return this.events.filter('auctions', (event): event is Auction => event.kind === 'auction')
  }

  get bids(): Stream<Bid> {
    return this.events.filter('bids', (event): event is Bid => event.kind === 'bid')
  }
}
