/** Eight stateless steps in one process; what comes out is summed. */
import { Transform, Writable, type TransformCallback } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { filter, map } from 'rxjs'
import { fileStore, flow, fromGenerator, run, type SinkDefinition, type Stream } from '../../index.ts'
import { openChain, type Chain, type ChainName, type Step } from '../data/chains.ts'
import { everyMsOf, expectEqual, textOf, type Contender, type Params } from '../harness/contender.ts'
import { withTemporaryFolder } from '../harness/temporary-folder.ts'
import { throughput } from '../harness/throughput.ts'
import { windowed, type Records } from '../harness/windowed.ts'
import { bufferedRecords, completed, observableOf, readableOf } from './keyed-count.ts'

export const chainMillrace: Contender = (params) => {
  const everyMs = everyMsOf(params)
  return withTemporaryFolder((folder) =>
    overChain(params, async (values, { steps }) => {
      const total = summing()
      const chained = flow('chain')
      let stream: Stream<unknown> = chained.source('values', fromGenerator(values))
      steps.forEach((step, index) => {
        const fn = step.fn as (value: unknown) => boolean
        stream = step.kind === 'map' ? stream.map(`step-${index}`, fn) : stream.filter(`step-${index}`, fn)
      })
      stream.sink('sum', total.sink)
      const job = await run(chained, { parallelism: 1, checkpoints: { everyMs, store: fileStore(folder) } })
      await job.finished
      return total.sum
    }),
  )
}

export const chainByHand: Contender = (params) => {
  const { byHand } = chainOf(params)
  return throughput(params, (n) => {
    const sum = byHand(n)
    return () => expectEqual('sum', sum, byHand(n))
  })
}

export const chainRxjs: Contender = (params) =>
  overChain(params, async (values, { steps }) => {
    let stream = observableOf(values)
    for (const step of steps) {
      const fn = step.fn as (value: unknown) => boolean
      stream = step.kind === 'map' ? stream.pipe(map(fn)) : stream.pipe(filter(fn))
    }
    let sum = 0
    await completed(stream, (value) => {
      sum = (sum + (value as number)) | 0
    })
    return () => sum
  })

export const chainStreams: Contender = (params) =>
  overChain(params, async (values, { steps }) => {
    let sum = 0
    const sink = new Writable({
      objectMode: true,
      highWaterMark: bufferedRecords,
      write(value: number, _encoding, done) {
        sum = (sum + value) | 0
        done()
      },
    })
    await pipeline([readableOf(values), ...steps.map(transformOf), sink])
    return () => sum
  })

/** `handle` answers how to learn the sum of what came out. */
function overChain(
  params: Params,
  handle: (values: Records<unknown>, chain: Chain) => Promise<() => number>,
): ReturnType<Contender> {
  const chain = chainOf(params)
  const { pool, byHand } = chain
  const mask = pool.length - 1
  return windowed(
    params,
    (i) => pool[i & mask],
    async (values) => {
      const sum = await handle(values, chain)
      return () => expectEqual('sum', sum(), byHand(values.count))
    },
  )
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
