/** Texts of the events. */
import { Draws } from './draws.ts'

const letters = 'abcdefghijklmnopqrstuvwxyz'
const wordLengthMin = 3

/** A text of 3 to `lengthMax` − 1 letters, every thirteenth of them `special`; trimmed. */
export function word(draws: Draws, lengthMax: number, special = ' '): string {
  let text = ''
  for (let left = wordLengthMin + draws.below(lengthMax - wordLengthMin); left > 0; left -= 1) {
    text += draws.below(13) === 0 ? special : letters.charAt(draws.below(26))
  }
  return text.trim()
}

/**
 * Padding that brings an event to about its size: letters cut from one long text, since making each letter would cost
 * more than all the rest.
 */
export class Padding {
  private readonly pool: string

  constructor(seed: number) {
    const draws = new Draws(seed).begin(-1)
    let pool = ''
    while (pool.length < poolLetters) pool += letters.charAt(draws.below(26))
    this.pool = pool
  }

  /** So long that the event, `bytes` long without it, has `averageBytes` ± 20 % of the padding on average. */
  extra(draws: Draws, bytes: number, averageBytes: number): string {
    const wanted = averageBytes - bytes
    if (wanted <= 0) return ''
    const delta = Math.round(wanted * 0.2)
    const length = wanted - delta + (delta === 0 ? 0 : draws.below(2 * delta))
    const from = draws.below(poolLetters - length)
    return this.pool.slice(from, from + length)
  }
}

const poolLetters = 65_536
