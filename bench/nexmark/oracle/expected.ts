/**
 * What each query must give, as SQL over the tables `person`, `auction`, `bid` and `side` (see `database.ts`): the public
 * queries of nexmark/nexmark with event-time semantics; README.md says where one had to be made definite. Shares no
 * code with the flows or the engine.
 */
import type { QueryName } from '../queries/names.ts'
import { statistics } from './statistics.ts'

/** `number` is compared as DOUBLE, which holds every number here exactly; `text` as VARCHAR. */
export type ColumnKind = 'number' | 'text'

export interface Expected {
  readonly columns: Readonly<Record<string, ColumnKind>>
  readonly sql: string
  /** What of the rows found is compared, where they themselves cannot be foretold: SQL over the table `found`. */
  readonly fold?: Pick<Expected, 'columns' | 'sql'>
}

const columns = <Names extends string>(numbers: Names, texts = ''): Record<string, ColumnKind> =>
  Object.fromEntries([
    ...words(numbers).map((name) => [name, 'number'] as const),
    ...words(texts).map((name) => [name, 'text'] as const),
  ])
const words = (text: string): string[] => text.split(' ').filter((word) => word !== '')

const day = `strftime(make_timestamp(dateTime * 1000), '%Y-%m-%d')`
const minute = `strftime(make_timestamp(dateTime * 1000), '%H:%M')`
const windowMs = 10_000
const tumbling = `(dateTime - dateTime % ${windowMs})`

/** The highest price of each auction that got a bid while it was open. */
const winners = `
  SELECT a.id, a.seller, a.category, a.expires, max(b.price) AS price
  FROM auction a JOIN bid b ON b.auction = a.id AND b.dateTime BETWEEN a.dateTime AND a.expires
  GROUP BY ALL`

export const expected: Readonly<Record<QueryName, Expected>> = {
  q0: {
    columns: columns('auction bidder price dateTime', 'extra'),
    sql: 'SELECT auction, bidder, price, dateTime, extra FROM bid',
  },
  q1: {
    columns: columns('auction bidder price dateTime', 'extra'),
    sql: 'SELECT auction, bidder, 0.908 * price AS price, dateTime, extra FROM bid',
  },
  q2: {
    columns: columns('auction price'),
    sql: 'SELECT auction, price FROM bid WHERE auction % 123 = 0',
  },
  q3: {
    columns: columns('id', 'name city state'),
    sql: `
      SELECT p.name, p.city, p.state, a.id FROM auction a JOIN person p ON a.seller = p.id
      WHERE a.category = 10 AND p.state IN ('OR', 'ID', 'CA')`,
  },
  q4: {
    columns: columns('category average'),
    sql: `SELECT category, sum(price)::BIGINT // count(*) AS average FROM (${winners}) GROUP BY category`,
  },
  q5: {
    columns: columns('auction bids startMs endMs'),
    sql: `
      WITH slide AS (
        SELECT auction, unnest(generate_series(dateTime - dateTime % 2000 - 8000, dateTime, 2000)) AS startMs FROM bid
      ), counted AS (SELECT auction, startMs, count(*) AS bids FROM slide GROUP BY ALL)
      SELECT auction, bids, startMs, startMs + 10000 AS endMs FROM counted
      QUALIFY bids = max(bids) OVER (PARTITION BY startMs)`,
  },
  q6: {
    columns: columns('seller auction average'),
    sql: `
      SELECT seller, id AS auction, (sum(price) OVER last_ten)::BIGINT // (count(*) OVER last_ten) AS average
      FROM (${winners})
      WINDOW last_ten AS (PARTITION BY seller ORDER BY expires, id ROWS BETWEEN 9 PRECEDING AND CURRENT ROW)`,
  },
  q7: {
    columns: columns('auction bidder price dateTime', 'extra'),
    sql: `
      SELECT auction, bidder, price, dateTime, extra FROM bid
      QUALIFY price = max(price) OVER (PARTITION BY ${tumbling})`,
  },
  q8: {
    columns: columns('id startMs', 'name'),
    sql: `
      SELECT p.id, p.name, p.startMs
      FROM (SELECT DISTINCT id, name, ${tumbling} AS startMs FROM person) p
      JOIN (SELECT DISTINCT seller, ${tumbling} AS startMs FROM auction) a
      ON p.id = a.seller AND p.startMs = a.startMs`,
  },
  q9: {
    columns: columns(
      'id initialBid reserve dateTime expires seller category auction bidder price bidDateTime',
      'itemName description extra bidExtra',
    ),
    sql: `
      SELECT a.*, b.auction, b.bidder, b.price, b.dateTime AS bidDateTime, b.extra AS bidExtra
      FROM auction a JOIN bid b ON b.auction = a.id AND b.dateTime BETWEEN a.dateTime AND a.expires
      QUALIFY row_number() OVER (PARTITION BY a.id ORDER BY b.price DESC, b.dateTime, b.bidder, b.extra DESC) = 1`,
  },
  q10: {
    columns: columns('auction bidder price dateTime', 'extra dt hm'),
    sql: `SELECT auction, bidder, price, dateTime, extra, ${day} AS dt, ${minute} AS hm FROM bid`,
  },
  q11: {
    columns: columns('bidder bids startMs endMs'),
    sql: `
      WITH marked AS (
        SELECT bidder, dateTime,
          dateTime - lag(dateTime) OVER (PARTITION BY bidder ORDER BY dateTime) >= ${windowMs} AS begins FROM bid
      ), numbered AS (
        SELECT bidder, dateTime, count(*) FILTER (WHERE begins) OVER
          (PARTITION BY bidder ORDER BY dateTime RANGE UNBOUNDED PRECEDING) AS session FROM marked
      )
      SELECT bidder, count(*) AS bids, min(dateTime) AS startMs, max(dateTime) + ${windowMs} AS endMs
      FROM numbered GROUP BY bidder, session`,
  },
  // On a clock that shows each event's time when it comes, processing time is event time.
  q12: {
    columns: columns('bidder bids startMs endMs'),
    sql: `
      SELECT bidder, count(*) AS bids, ${tumbling} AS startMs, startMs + ${windowMs} AS endMs
      FROM bid GROUP BY bidder, startMs`,
  },
  q13: {
    columns: columns('auction bidder price dateTime', 'value'),
    sql: `
      SELECT b.auction, b.bidder, b.price, b.dateTime, s.value
      FROM bid b JOIN side s ON b.auction % (SELECT count(*) FROM side) = s.key`,
  },
  q14: {
    columns: columns('auction bidder price dateTime letters', 'bidTimeType extra'),
    sql: `
      SELECT auction, bidder, 0.908 * price AS price, dateTime, extra,
        CASE WHEN hour BETWEEN 8 AND 18 THEN 'dayTime'
             WHEN hour <= 6 OR hour >= 20 THEN 'nightTime' ELSE 'otherTime' END AS bidTimeType,
        len(extra) - len(replace(extra, 'c', '')) AS letters
      FROM (SELECT *, dateTime // 3600000 % 24 AS hour FROM bid)
      WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000`,
  },
  q15: {
    columns: columns(statistics.names, 'day'),
    sql: `SELECT ${day} AS day, ${statistics.sql} FROM bid GROUP BY day`,
  },
  q16: {
    columns: columns(statistics.names, 'channel day minute'),
    sql: `
      SELECT channel, ${day} AS day, max(${minute}) AS minute, ${statistics.sql} FROM bid GROUP BY channel, day`,
  },
  q17: {
    columns: columns(
      'auction totalBids rank1Bids rank2Bids rank3Bids minPrice maxPrice avgPrice sumPrice',
      'day',
    ),
    sql: `
      SELECT auction, ${day} AS day, ${statistics.bids},
        min(price) AS minPrice, max(price) AS maxPrice, sum(price)::BIGINT // count(*) AS avgPrice,
        sum(price) AS sumPrice
      FROM bid GROUP BY auction, day`,
  },
  q18: {
    columns: columns('auction bidder price dateTime', 'channel url extra'),
    sql: `
      SELECT auction, bidder, price, channel, url, dateTime, extra FROM bid
      QUALIFY row_number() OVER
        (PARTITION BY bidder, auction ORDER BY dateTime DESC, price DESC, extra DESC) = 1`,
  },
  q19: {
    columns: columns('auction bidder price dateTime rank', 'channel url extra'),
    sql: `
      SELECT *, row_number() OVER
        (PARTITION BY auction ORDER BY price DESC, dateTime, bidder, extra DESC) AS rank
      FROM bid QUALIFY rank <= 10`,
  },
  q20: {
    columns: columns(
      'auction bidder price bidDateTime initialBid reserve auctionDateTime expires seller category',
      'channel url bidExtra itemName description auctionExtra',
    ),
    sql: `
      SELECT b.auction, b.bidder, b.price, b.channel, b.url, b.dateTime AS bidDateTime, b.extra AS bidExtra,
        a.itemName, a.description, a.initialBid, a.reserve, a.dateTime AS auctionDateTime, a.expires, a.seller,
        a.category, a.extra AS auctionExtra
      FROM bid b JOIN auction a ON b.auction = a.id WHERE a.category = 10`,
  },
  q21: {
    columns: columns('auction bidder price', 'channel channelId'),
    sql: `
      SELECT auction, bidder, price, channel,
        CASE lower(channel) WHEN 'apple' THEN '0' WHEN 'google' THEN '1' WHEN 'facebook' THEN '2'
          WHEN 'baidu' THEN '3' ELSE regexp_extract(url, '(&|^)channel_id=([^&]*)', 2) END AS channelId
      FROM bid
      WHERE lower(channel) IN ('apple', 'google', 'facebook', 'baidu')
        OR regexp_matches(url, '(&|^)channel_id=([^&]*)')`,
  },
  q22: {
    columns: columns('auction bidder price', 'channel dir1 dir2 dir3'),
    sql: `
      SELECT auction, bidder, price, channel, split_part(url, '/', 4) AS dir1, split_part(url, '/', 5) AS dir2,
        split_part(url, '/', 6) AS dir3
      FROM bid`,
  },
}

/** q12 on a clock of its own: each bid is counted once, in windows of ten seconds that come once each. */
export const q12OnAnyClock: Expected = {
  columns: columns('bidder bids'),
  sql: 'SELECT bidder, count(*) AS bids FROM bid GROUP BY bidder',
}

export const q12OnRealClock: Expected = {
  columns: columns('bidder bids repeated', 'aligned'),
  sql: `SELECT *, 0 AS repeated, 'true' AS aligned FROM (${q12OnAnyClock.sql})`,
  fold: {
    columns: columns('bidder bids startMs endMs'),
    sql: `
      SELECT bidder, sum(bids) AS bids, count(*) - count(DISTINCT startMs) AS repeated,
        bool_and(startMs % ${windowMs} = 0 AND endMs = startMs + ${windowMs})::VARCHAR AS aligned
      FROM found GROUP BY bidder`,
  },
}
