/** Event times as the days, hours and minutes of UTC. */
const dayMs = 86_400_000
const hourMs = 3_600_000
const minuteMs = 60_000

/** Days since the epoch: a number, since a key is made for each bid. */
export const dayOf = (ms: number): number => Math.floor(ms / dayMs)

/** `2015-07-15` */
export const dayText = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10)

export const hourOf = (ms: number): number => Math.floor((ms % dayMs) / hourMs)

/** `23:59` */
export const minuteText = (ms: number): string =>
  `${twoDigits(hourOf(ms))}:${twoDigits(Math.floor((ms % hourMs) / minuteMs))}`

const twoDigits = (n: number): string => String(n).padStart(2, '0')
