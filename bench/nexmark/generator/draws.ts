/**
 * Chance for one event: a stream of numbers that depends on the seed and the event's number alone, so that any event
 * can be made without those before it. The generator is xoroshiro64** (Blackman and Vigna, "Scrambled linear
 * pseudorandom number generators", 2018), its state two rounds of Murmur3's finalizer over seed and number.
 */
export class Draws {
  private readonly seed: number
  private a = 0
  private b = 1

  constructor(seed: number) {
    this.seed = seed
  }

  /** From here on the numbers are those of event `n`. */
  begin(n: number): this {
    const low = mix(n ^ mix(this.seed))
    const high = Math.floor(n / 0x1_0000_0000) ^ Math.floor(this.seed / 0x1_0000_0000)
    this.a = mix(low + 0x9e37_79b9)
    // Never both zero: the state of all zeros stays there.
    this.b = mix(low ^ high ^ 0x7f4a_7c15) | 1
    return this
  }

  /** In [0, 1), 32 bits of it. */
  unit(): number {
    const { a } = this
    const b = this.b ^ a
    const scrambled = Math.imul(rotate(Math.imul(a, 0x9e37_79bb), 5), 5)
    this.a = rotate(a, 26) ^ b ^ (b << 9)
    this.b = rotate(b, 13)
    return (scrambled >>> 0) / 0x1_0000_0000
  }

  /** A whole number in [0, n). */
  below(n: number): number {
    return Math.floor(this.unit() * n)
  }

  /** One of these. */
  of<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0]
  }

  /** True in all but one of `ratio` cases: how the public generator states what is hot. */
  isHot(ratio: number): boolean {
    return this.below(ratio) > 0
  }

  /** Log-uniform cents from 100 to 10⁸: round(10^(6u) · 100). */
  price(): number {
    return Math.round(Math.pow(10, this.unit() * 6) * 100)
  }
}

const rotate = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits))

function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85eb_ca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2_ae35)
  return x ^ (x >>> 16)
}
