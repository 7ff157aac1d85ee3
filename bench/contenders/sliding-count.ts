/** A count a key over sliding windows, by how many slides a window has. */
import { collect, count, flow, fromGenerator, run, sliding } from '../../index.ts'
import { expectEqual, numberOf, type Contender } from '../harness/contender.ts'
import { windowed } from '../harness/windowed.ts'

interface Hit {
  readonly key: string
  readonly atMs: number
}

const minuteMs = 60_000

export const slidingCount: Contender = (params) => {
  const slides = numberOf(params, 'slides')
  const sizeMs = numberOf(params, 'sizeMs')
  const perMinute = numberOf(params, 'recordsPerMinute')
  const keys = Array.from({ length: numberOf(params, 'keys') }, (_, i) => `key ${i}`)
  const hitAt = (i: number): Hit => ({
    key: keys[i % keys.length] as string,
    atMs: Math.floor((i * minuteMs) / perMinute),
  })
  return windowed(params, hitAt, async (hits) => {
    let counted = 0
    const none = collect<unknown>()
    const made = flow('sliding-count')
    made
      .source('hits', fromGenerator(hits))
      .eventTime('time', { atMs: (hit) => hit.atMs })
      .keyBy('by-key', (hit) => hit.key)
      .window('slide', sliding({ sizeMs, slideMs: sizeMs / slides }))
      .aggregate('count', count())
      .filter('add-up', ({ value }) => {
        counted += value
        return false
      })
      .sink('out', none)
    await (
      await run(made, { parallelism: 1, checkpoints: { everyMs: null } })
    ).finished
    return () =>
      expectEqual('records counted, each in every window of its time', counted, hits.count * slides)
  })
}
