/** Keyed count in one process: a count a key, over records made beforehand. */
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Observable, count, groupBy, map, mergeMap, reduce, type Observer } from 'rxjs'
import { collect, fileStore, flow, fromGenerator, run } from '../../index.ts'
import { salePool, type Sale } from '../data/records.ts'
import { everyMsOf, expectEqual, numberOf, type Contender, type Params } from '../harness/contender.ts'
import { withTemporaryFolder } from '../harness/temporary-folder.ts'
import { throughput, type Check } from '../harness/throughput.ts'

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
  const { pool, mask } = salePool(numberOf(params, 'keys'))
  const everyMs = everyMsOf(params)
  let checkpoints = 0
  return withTemporaryFolder(async (folder) => {
    let jobs = 0
    const measured = await throughput(params, async (n) => {
      jobs += 1
      const out = collect<KeyCount>()
      const counted = flow('keyed-count')
      counted
        .source('sales', fromGenerator({ count: n, at: (i) => pool[i & mask] as Sale }))
        .keyBy('by-key', (sale) => sale.key)
        .aggregate('count', counting, { emitOn: 'end' })
        .sink('out', out)
      const store = fileStore(`${folder}/${jobs}`)
      const job = await run(counted, { parallelism: 1, checkpoints: { everyMs, store } })
      const result = await job.finished
      checkpoints = result.checkpoints
      return () => checkCounts(out.values, n)
    })
    return { ...measured, notes: { ...measured.notes, checkpoints } }
  })
}

export const keyedCountByHand: Contender = (params) =>
  overPool(params, (pool, mask, n) => {
    const counts = new Map<string, { n: number }>()
    for (let i = 0; i < n; i += 1) {
      const { key } = pool[i & mask] as Sale
      const counted = counts.get(key)
      if (counted === undefined) counts.set(key, { n: 1 })
      else counted.n += 1
    }
    return () => checkMap(counts, n)
  })

export const keyedCountRxjs: Contender = (params) =>
  overPool(params, async (pool, mask, n) => {
    const counts: KeyCount[] = []
    await completed(
      sales(pool, mask, n).pipe(
        groupBy((sale) => sale.key),
        mergeMap((group) =>
          group.pipe(
            count(),
            map((n) => ({ key: group.key, count: n })),
          ),
        ),
      ),
      (row) => counts.push(row),
    )
    return () => checkCounts(counts, n)
  })

/** RxJS as mere plumbing: one reduce into a Map. */
export const keyedCountRxjsReduce: Contender = (params) =>
  overPool(params, async (pool, mask, n) => {
    const counts = new Map<string, { n: number }>()
    await completed(
      sales(pool, mask, n).pipe(
        map((sale) => sale.key),
        reduce((into, key) => {
          const counted = into.get(key)
          if (counted === undefined) into.set(key, { n: 1 })
          else counted.n += 1
          return into
        }, counts),
      ),
      () => undefined,
    )
    return () => checkMap(counts, n)
  })

export const keyedCountStreams: Contender = (params) =>
  overPool(params, async (pool, mask, n) => {
    const counts = new Map<string, { n: number }>()
    await pipeline(
      readableOf(pool, mask, n),
      new Writable({
        objectMode: true,
        highWaterMark: bufferedRecords,
        write({ key }: Sale, _encoding, done) {
          const counted = counts.get(key)
          if (counted === undefined) counts.set(key, { n: 1 })
          else counted.n += 1
          done()
        },
      }),
    )
    return () => checkMap(counts, n)
  })

type OverPool = (pool: readonly Sale[], mask: number, n: number) => Check | Promise<Check>

function overPool(params: Params, handle: OverPool): ReturnType<Contender> {
  const { pool, mask } = salePool(numberOf(params, 'keys'))
  return throughput(params, (n) => handle(pool, mask, n))
}

function sales(pool: readonly Sale[], mask: number, n: number): Observable<Sale> {
  return new Observable((subscriber) => {
    for (let i = 0; i < n; i += 1) subscriber.next(pool[i & mask] as Sale)
    subscriber.complete()
  })
}

/** Measured best among 16, 256, 1024 and 4096. */
export const bufferedRecords = 1024

/** Pushes until the buffer is full, as `read` should. */
export function readableOf(pool: readonly unknown[], mask: number, n: number): Readable {
  let i = 0
  return new Readable({
    objectMode: true,
    highWaterMark: bufferedRecords,
    read() {
      while (i < n) {
        i += 1
        if (!this.push(pool[(i - 1) & mask])) return
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
