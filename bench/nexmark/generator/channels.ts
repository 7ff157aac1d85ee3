/** Where a bid came from: half of the bids through four hot channels, the others through 10,000. */
import { Draws } from './draws.ts'
import { word } from './words.ts'

export interface Channel {
  readonly channel: string
  readonly url: string
}

const hotNames = ['Google', 'Facebook', 'Baidu', 'Apple'] as const
const channels = { hotRatio: 2, hot: hotNames.length, cold: 10_000 } as const

/** Channels are made once a generator, each from the seed and its number alone. */
export class Channels {
  private readonly draws: Draws
  private readonly cold: (Channel | undefined)[] = new Array<undefined>(channels.cold).fill(undefined)
  private readonly hot: readonly [Channel, ...Channel[]]

  constructor(seed: number) {
    this.draws = new Draws(seed)
    const [first, ...rest] = hotNames.map((channel, k) => ({ channel, url: this.url(-100 - k) }))
    if (!first) throw new RangeError('there are hot channels')
    this.hot = [first, ...rest]
  }

  next(draws: Draws): Channel {
    if (draws.isHot(channels.hotRatio)) return draws.of(this.hot)
    const k = draws.below(channels.cold)
    return (this.cold[k] ??= this.make(k))
  }

  /** Nine of ten name their id in the address. */
  private make(k: number): Channel {
    const url = this.url(-1000 - k)
    const id = this.draws.below(10) > 0 ? `&channel_id=${Math.abs(reverseBits(k))}` : ''
    return { channel: `channel-${k}`, url: url + id }
  }

  private url(n: number): string {
    const draws = this.draws.begin(n)
    const folders = [word(draws, 5, '_'), word(draws, 5, '_'), word(draws, 5, '_')]
    return `https://www.nexmark.com/${folders.join('/')}/item.htm?query=1`
  }
}

/** Of 32 bits, as a signed number. */
function reverseBits(x: number): number {
  let reversed = 0
  for (let bit = 0; bit < 32; bit += 1) reversed = (reversed << 1) | ((x >>> bit) & 1)
  return reversed
}
