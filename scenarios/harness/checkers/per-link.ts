/** Something for each link of each epoch: found without building a text, for it is looked up at every batch. */
interface EpochNumbers {
  readonly term: number
  readonly attempt: number
}

export class PerLink<Item> {
  private readonly epochs = new Map<number, Map<number, Item>>()
  private readonly make: () => Item
  /** What was asked for last is mostly asked for again. */
  private term = -1
  private attempt = -1
  private links = new Map<number, Item>()

  constructor(make: () => Item) {
    this.make = make
  }

  get(epoch: EpochNumbers, link: number): Item {
    const links = this.linksOf(epoch)
    const known = links.get(link)
    if (known !== undefined) return known
    const made = this.make()
    links.set(link, made)
    return made
  }

  /** Of all links of the epoch that were asked for. */
  of(epoch: EpochNumbers): Iterable<Item> {
    return this.linksOf(epoch).values()
  }

  private linksOf({ term, attempt }: EpochNumbers): Map<number, Item> {
    if (term === this.term && attempt === this.attempt) return this.links
    const number = term * attemptsMax + attempt
    const links = this.epochs.get(number) ?? new Map<number, Item>()
    this.epochs.set(number, links)
    this.term = term
    this.attempt = attempt
    this.links = links
    return links
  }
}

/** An attempt has 32 bits; a term has the 21 that are left of a safe integer. */
const attemptsMax = 2 ** 32

export const epochLabel = ({ term, attempt }: EpochNumbers): string => `${term}.${attempt}`
