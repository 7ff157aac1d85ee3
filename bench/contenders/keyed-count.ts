/** Keyed count in one process: a count a key, over records made beforehand. */
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Observable, count, groupBy, map, mergeMap, reduce, type Observer } from 'rxjs'
import { collect, fileStore, flow, fromGenerator, run } from '../../index.ts'
import { salePool, type Sale } from '../data/records.ts'
import { everyMsOf, expectEqual, numberOf, type Contender, type Params } from '../harness/contender.ts'
import { withTemporaryFolder } from '../harness/temporary-folder.ts'
import { throughput, type Check } from '../harness/throughput.ts'
import { windowed, type Records } from '../harness/windowed.ts'

interface KeyCount {
  readonly key: string
  readonly count: number
}

/** Made once: a flow's functions are. */
const counting = {
  init: () => 0,
  add: (n: number) => n + 1,
  result: (n: number, key: unknown): KeyCount => ({ key: key as string, count: n }),
}

export const keyedCountMillrace: Contender = (params) => {
  const everyMs = everyMsOf(params)
  let checkpoints = 0
  return withTemporaryFolder(async (folder) => {
    const measured = await overSales(params, async (sales) => {
      const out = collect<KeyCount>()
      const counted = flow('keyed-count')
      counted
        .source('sales', fromGenerator(sales))
        .keyBy('by-key', (sale) => sale.key)
        .aggregate('count', counting, { emitOn: 'end' })
        .sink('out', out)
      const job = await run(counted, { parallelism: 1, checkpoints: { everyMs, store: fileStore(folder) } })
      checkpoints = (await job.finished).checkpoints
      return () => checkCounts(out.values, sales.count)
    })
    return { ...measured, notes: { ...measured.notes, checkpoints } }
  })
}

export const keyedCountByHand: Contender = (params) => {
  const { pool, mask } = salePool(numberOf(params, 'keys'))
  return throughput(params, (n) => {
    const counts: Counts = new Map()
    for (let i = 0; i < n; i += 1) countOne(counts, (pool[i & mask] as Sale).key)
    return () => checkMap(counts, n)
  })
}

export const keyedCountRxjs: Contender = (params) =>
  overSales(params, async (sales) => {
    const rows: KeyCount[] = []
    await completed(
      observableOf(sales).pipe(
        groupBy((sale) => sale.key),
        mergeMap((group) =>
          group.pipe(
            count(),
            map((n) => ({ key: group.key, count: n })),
          ),
        ),
      ),
      (row) => rows.push(row),
    )
    return () => checkCounts(rows, sales.count)
  })

/** RxJS as mere plumbing: one reduce into a Map. */
export const keyedCountRxjsReduce: Contender = (params) =>
  overSales(params, async (sales) => {
    const counts: Counts = new Map()
    await completed(
      observableOf(sales).pipe(
        map((sale) => sale.key),
        reduce((into, key) => {
          countOne(into, key)
          return into
        }, counts),
      ),
      () => undefined,
    )
    return () => checkMap(counts, sales.count)
  })

export const keyedCountStreams: Contender = (params) =>
  overSales(params, async (sales) => {
    const counts: Counts = new Map()
    await pipeline(
      readableOf(sales),
      new Writable({
        objectMode: true,
        highWaterMark: bufferedRecords,
        write({ key }: Sale, _encoding, done) {
          countOne(counts, key)
          done()
        },
      }),
    )
    return () => checkMap(counts, sales.count)
  })

type Counts = Map<string, { n: number }>

function countOne(counts: Counts, key: string): void {
  const counted = counts.get(key)
  if (counted === undefined) counts.set(key, { n: 1 })
  else counted.n += 1
}

function overSales(params: Params, handle: (sales: Records<Sale>) => Promise<Check>): ReturnType<Contender> {
  const { pool, mask } = salePool(numberOf(params, 'keys'))
  return windowed(params, (i) => pool[i & mask] as Sale, handle)
}

export function observableOf<T>({ count, at }: Records<T>): Observable<T> {
  return new Observable((subscriber) => {
    for (let i = 0; i < count; i += 1) subscriber.next(at(i))
    subscriber.complete()
  })
}

/** 16 (the default) to 4096 made no difference to the keyed count when measured. */
export const bufferedRecords = 1024

/** Pushes until the buffer is full, as `read` should. */
export function readableOf({ count, at }: Records<unknown>): Readable {
  let i = 0
  return new Readable({
    objectMode: true,
    highWaterMark: bufferedRecords,
    read() {
      while (i < count) {
        i += 1
        if (!this.push(at(i - 1))) return
      }
      this.push(null)
    },
  })
}

export function completed<T>(source: Observable<T>, next: (value: T) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const observer: Observer<T> = { next, complete: resolve, error: reject }
    source.subscribe(observer)
  })
}

function checkCounts(rows: readonly KeyCount[], n: number): void {
  expectEqual('records counted', rows.reduce((sum, row) => sum + row.count, 0), n) // prettier-ignore
}

function checkMap(counts: ReadonlyMap<string, { readonly n: number }>, n: number): void {
  expectEqual('records counted', [...counts.values()].reduce((sum, counted) => sum + counted.n, 0), n) // prettier-ignore
}
