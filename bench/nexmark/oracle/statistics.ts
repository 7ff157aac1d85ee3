/** The counts that q15 and q16 share: bids, bidders and auctions, in all and by level of price. */
const levels = {
  total: 'TRUE',
  rank1: 'price < 10000',
  rank2: 'price >= 10000 AND price < 1000000',
  rank3: 'price >= 1000000',
} as const

const counted = { Bids: '*', Bidders: 'DISTINCT bidder', Auctions: 'DISTINCT auction' } as const

const each = Object.entries(counted).map(([what, of]) =>
  Object.entries(levels).map(([level, where]) => ({
    name: level + what,
    sql: `count(${of}) FILTER (WHERE ${where}) AS ${level}${what}`,
  })),
)
const all = each.flat()
const [bids = []] = each

export const statistics = {
  names: all.map(({ name }) => name).join(' '),
  sql: all.map(({ sql }) => sql).join(', '),
  /** The first four alone. */
  bids: bids.map(({ sql }) => sql).join(', '),
} as const
