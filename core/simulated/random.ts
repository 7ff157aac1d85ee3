import type { Random } from '../ports/random.ts'

/** Deterministic numbers from a seed: `sfc32` (Chris Doty-Humphrey, PractRand), seeded by 15 warm-up rounds. */
export function seededRandom(seed: number): Random {
  let a = seed >>> 0
  let b = (seed / 0x1_0000_0000) >>> 0
  let c = 0x9e37_79b9
  let counter = 1
  const next = (): number => {
    const sum = (a + b + counter) >>> 0
    counter = (counter + 1) >>> 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) >>> 0
    c = ((c << 21) | (c >>> 11)) >>> 0
    c = (c + sum) >>> 0
    return sum
  }
  for (let i = 0; i < 15; i += 1) next()
  return { uint32: next }
}
