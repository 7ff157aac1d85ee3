/** Late records that were given up, by step: those whose `.late` nobody continues. */
export type LateDropped = Readonly<Record<string, number>>

export function sumOfLate(all: Iterable<LateDropped>): LateDropped {
  const sum: Record<string, number> = {}
  for (const each of all) {
    for (const [step, dropped] of Object.entries(each)) sum[step] = (sum[step] ?? 0) + dropped
  }
  return sum
}
