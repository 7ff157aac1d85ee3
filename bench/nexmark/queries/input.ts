/** The stream of events as the queries take it: all of it, or one kind; with or without event time. */
import { fromGenerator, type Flow, type SourceDefinition, type Stream } from '../../../index.ts'
import type { NexmarkConfig } from '../generator/config.ts'
import type { Auction, Bid, NexmarkEvent, Person } from '../generator/events.ts'
import { Generator } from '../generator/generator.ts'

/** How far events may come out of order: as the public tables declare it. */
export const latenessMaxMs = 4_000

class Kinds<Time extends 'event' | 'none'> {
  readonly events: Stream<NexmarkEvent, Time>

  constructor(events: Stream<NexmarkEvent, Time>) {
    this.events = events
  }

  get persons(): Stream<Person, Time> {
    return this.events.filter('persons', (event): event is Person => event.kind === 'person')
  }

  get auctions(): Stream<Auction, Time> {
    return this.events.filter('auctions', (event): event is Auction => event.kind === 'auction')
  }

  get bids(): Stream<Bid, Time> {
    return this.events.filter('bids', (event): event is Bid => event.kind === 'bid')
  }
}

/** Splits take turns, as the partitions of a topic do, so that their times stay close together. */
export function generated(config: NexmarkConfig, splits: number): SourceDefinition<NexmarkEvent> {
  const generator = new Generator(config)
  return fromGenerator({
    count: config.events,
    splits,
    share: 'interleaved',
    at: (n) => generator.at(n),
  })
}

/** A row of what q13 looks up: numbers and their texts, as in the public one. */
export interface SideRow {
  readonly key: number
  readonly value: string
}

export class NexmarkInput extends Kinds<'none'> {
  /** Rows of the side input. */
  readonly sideRows: number

  constructor(flow: Flow, source: SourceDefinition<NexmarkEvent>, { sideRows }: NexmarkConfig) {
    super(flow.source('events', source))
    this.sideRows = sideRows
  }

  get sideInput(): SourceDefinition<SideRow> {
    return fromGenerator({ count: this.sideRows, at: (key) => ({ key, value: String(key) }) })
  }

  get timed(): Kinds<'event'> {
    return new Kinds(this.events.eventTime('clock', { atMs: ({ dateTime }) => dateTime, latenessMaxMs }))
  }
}
