import { randomFillSync } from 'node:crypto'
import type { Random } from '../ports/random.ts'

const word = new Uint32Array(1)

export const systemRandom: Random = {
  uint32: () => randomFillSync(word)[0] ?? 0,
}
