/** Chance as the engine sees it: jitter and ids. Seeded in simulation and scenarios. */
export interface Random {
  /** A whole number in [0, 2³²). */
  uint32(): number
}

/** A number in [0, 1). */
export const unit = (random: Random): number => random.uint32() / 0x1_0000_0000

/** A whole number in [0, n). */
export const below = (random: Random, n: number): number => Math.floor(unit(random) * n)

/** An id of `length` characters of a-z0-9, for names that must not collide. */
export function randomToken(random: Random, length = 10): string {
  let token = ''
  while (token.length < length) token += below(random, 36).toString(36)
  return token
}
