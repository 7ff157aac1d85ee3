/** Eight stateless steps in one process; what comes out is summed. */
import { Transform, Writable, type TransformCallback } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Observable, filter, map } from 'rxjs'
import { fileStore, flow, fromGenerator, run, type SinkDefinition, type Stream } from '../../index.ts'
import { openChain, type Chain, type ChainName, type Step } from '../data/chains.ts'
import { everyMsOf, expectEqual, textOf, type Contender, type Params } from '../harness/contender.ts'
import { withTemporaryFolder } from '../harness/temporary-folder.ts'
import { throughput } from '../harness/throughput.ts'
import { bufferedRecords, completed, readableOf } from './keyed-count.ts'

export const chainMillrace: Contender = (params) => {
  const chain = chainOf(params)
  const { pool, steps } = chain
  const mask = pool.length - 1
  const everyMs = everyMsOf(params)
  return withTemporaryFolder(async (folder) => {
    let jobs = 0
    return throughput(params, async (n) => {
      jobs += 1
      const total = summing()
      const chained = flow('chain')
      let stream: Stream<unknown> = chained.source(
        'values',
        fromGenerator({ count: n, at: (i) => pool[i & mask] }),
      )
      steps.forEach((step, index) => {
        const fn = step.fn as (value: unknown) => boolean
        stream = step.kind === 'map' ? stream.map(`step-${index}`, fn) : stream.filter(`step-${index}`, fn)
      })
      stream.sink('sum', total.sink)
      const store = fileStore(`${folder}/${jobs}`)
      const job = await run(chained, { parallelism: 1, checkpoints: { everyMs, store } })
      await job.finished
      return () => expectEqual('sum', total.sum(), chain.byHand(n))
    })
  })
}

export const chainByHand: Contender = (params) => {
  const chain = chainOf(params)
  return throughput(params, (n) => {
    const sum = chain.byHand(n)
    return () => expectEqual('sum', sum, chain.byHand(n))
  })
}

export const chainRxjs: Contender = (params) => {
  const chain = chainOf(params)
  const { pool, steps } = chain
  const mask = pool.length - 1
  return throughput(params, async (n) => {
    let source = new Observable<unknown>((subscriber) => {
      for (let i = 0; i < n; i += 1) subscriber.next(pool[i & mask])
      subscriber.complete()
    })
    for (const step of steps) {
      const fn = step.fn as (value: unknown) => boolean
      source = step.kind === 'map' ? source.pipe(map(fn)) : source.pipe(filter(fn))
    }
    let sum = 0
    await completed(source, (value) => {
      sum = (sum + (value as number)) | 0
    })
    return () => expectEqual('sum', sum, chain.byHand(n))
  })
}

export const chainStreams: Contender = (params) => {
  const chain = chainOf(params)
  const { pool, steps } = chain
  return throughput(params, async (n) => {
    let sum = 0
    const sink = new Writable({
      objectMode: true,
      highWaterMark: bufferedRecords,
      write(value: number, _encoding, done) {
        sum = (sum + value) | 0
        done()
      },
    })
    await pipeline([readableOf(pool, pool.length - 1, n), ...steps.map(transformOf), sink])
    return () => expectEqual('sum', sum, chain.byHand(n))
  })
}

function transformOf(step: Step): Transform {
  const fn = step.fn as (value: unknown) => unknown
  const transform =
    step.kind === 'map'
      ? (value: unknown, _encoding: string, done: TransformCallback) => done(null, fn(value))
      : (value: unknown, _encoding: string, done: TransformCallback) => {
          if (fn(value)) done(null, value)
          else done()
        }
  return new Transform({ objectMode: true, highWaterMark: bufferedRecords, transform })
}

const chainOf = (params: Params): Chain => openChain(textOf(params, 'chain') as ChainName)

/** A sink that keeps a sum: the chain's cost without an output's. */
function summing(): { readonly sink: SinkDefinition<unknown>; readonly sum: () => number } {
  let sum = 0
  return {
    sum: () => sum,
    sink: {
      kind: 'sum',
      guarantee: 'at-least-once',
      guaranteeReason: 'a sum in memory, for measuring',
      open: async () => ({
        full: false,
        write: (value) => {
          sum = (sum + (value as number)) | 0
        },
        barrier: async () => null,
        commit: async () => undefined,
        close: async () => undefined,
      }),
    },
  }
}
