/** The events in DuckDB: one table a kind, its columns the fields of `generator/events.ts`; and q13's side input. */
import type { DuckDBAppender, DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api'
import type * as DuckDb from '@duckdb/node-api'
import type { NexmarkConfig } from '../generator/config.ts'
import type { Auction, Bid, NexmarkEvent, Person } from '../generator/events.ts'
import { Generator } from '../generator/generator.ts'

type Field<E> = Exclude<keyof E, 'kind'>
type Kinds = {
  person: readonly Field<Person>[]
  auction: readonly Field<Auction>[]
  bid: readonly Field<Bid>[]
}

const fields: Kinds = {
  person: ['id', 'name', 'emailAddress', 'creditCard', 'city', 'state', 'dateTime', 'extra'],
  auction: [
    'id',
    'itemName',
    'description',
    'initialBid',
    'reserve',
    'dateTime',
    'expires',
    'seller',
    'category',
    'extra',
  ],
  bid: ['auction', 'bidder', 'price', 'channel', 'url', 'dateTime', 'extra'],
}
const kinds = ['person', 'auction', 'bid'] as const
const whole = new Set([
  'id',
  'initialBid',
  'reserve',
  'dateTime',
  'expires',
  'seller',
  'category',
  'auction',
  'bidder',
  'price',
])

export interface NexmarkDatabase {
  readonly connection: DuckDBConnection
  close(): void
}

export interface DatabaseOptions {
  readonly config: NexmarkConfig
  /** A new file: what does not fit into memory goes there. */
  readonly file: string
  /** DuckDB's limit. Default 1 GB. */
  readonly memoryMb?: number
}

/** Generates the events once more and loads them. */
export async function openDatabase({
  config,
  file,
  memoryMb = 1024,
}: DatabaseOptions): Promise<NexmarkDatabase> {
  const duckdb = await import('@duckdb/node-api')
  const instance = await duckdb.DuckDBInstance.create(file, {
    memory_limit: `${memoryMb}MB`,
    threads: '2',
    preserve_insertion_order: 'false',
  })
  const connection = await instance.connect()
  for (const kind of kinds) {
    const columns = fields[kind].map((name) => `${name} ${whole.has(name) ? 'BIGINT' : 'VARCHAR'}`)
    await connection.run(`CREATE TABLE ${kind} (${columns.join(', ')})`)
  }
  await connection.run(
    `CREATE TABLE side AS SELECT range AS key, range::VARCHAR AS value FROM range(${config.sideRows})`,
  )
  await load(duckdb, connection, config)
  return {
    connection,
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

async function load(
  duckdb: typeof DuckDb,
  connection: DuckDBConnection,
  config: NexmarkConfig,
): Promise<void> {
  const tables = {
    person: new Table(duckdb, await connection.createAppender('person'), fields.person),
    auction: new Table(duckdb, await connection.createAppender('auction'), fields.auction),
    bid: new Table(duckdb, await connection.createAppender('bid'), fields.bid),
  }
  const generator = new Generator(config)
  for (let n = 0; n < config.events; n += 1) {
    const event = generator.at(n)
    tables[event.kind].add(event)
  }
  for (const table of Object.values(tables)) table.close()
}

const chunkRows = 2048

/** Appends by column, a chunk at a time. */
class Table {
  private readonly duckdb: typeof DuckDb
  private readonly appender: DuckDBAppender
  private readonly names: readonly string[]
  private readonly types: readonly DuckDBType[]
  private columns: DuckDBValue[][]

  constructor(duckdb: typeof DuckDb, appender: DuckDBAppender, names: readonly string[]) {
    this.duckdb = duckdb
    this.appender = appender
    this.names = names
    this.types = names.map((name) => (whole.has(name) ? duckdb.BIGINT : duckdb.VARCHAR))
    this.columns = names.map(() => [])
  }

  add(event: NexmarkEvent): void {
    for (const [k, name] of this.names.entries()) {
      const value = event[name as keyof NexmarkEvent]
      this.columns[k]?.push(typeof value === 'number' ? BigInt(value) : value)
    }
    if (this.columns[0]?.length === chunkRows) this.flush()
  }

  close(): void {
    this.flush()
    this.appender.closeSync()
  }

  private flush(): void {
    const rows = this.columns[0]?.length ?? 0
    if (rows === 0) return
    const chunk = this.duckdb.DuckDBDataChunk.create(this.types, rows)
    chunk.setColumns(this.columns)
    this.appender.appendDataChunk(chunk)
    this.columns = this.names.map(() => [])
  }
}
