import { describe, expect, it } from 'vitest'
import { cell, collect, flow, fromGenerator, operator, toJsonl, type Flow } from '../../../index.ts'
import { simulate } from './simulate.ts'

/** Two sources, one of which ends early; keyed state; output at every checkpoint and at the end. */
function counting(): Flow {
  const counts = flow('counting')
  const long = counts.source('long', fromGenerator({ count: 600, splits: 2, at: (i) => ({ id: i, key: `k${i % 7}` }) }))
  const short = counts.source('short', fromGenerator({ count: 20, at: (i) => ({ id: 1000 + i, key: `k${i % 3}` }) }))
  long
    .union('both', short)
    .keyBy('by-key', (record) => record.key)
    .process(
      'count',
      operator<string, { id: number; key: string }, { key: string; at: number; last: boolean }>()({
        state: { count: cell(() => 0) },
        onRecord(ctx, record) {
          ctx.state.count.update((count) => count + 1)
          if (record.id % 10 === 0) ctx.emit({ key: ctx.key, at: record.id, last: false })
        },
        onEnd(ctx) {
          ctx.emit({ key: ctx.key, at: ctx.state.count.get(), last: true })
        },
      }),
    )
    .sink('files', toJsonl('/out'))
  return counts
}

describe('simulate', () => {
  it('finds nothing wrong with the engine', { timeout: 600_000 }, async () => {
    const seeds = Number(process.env.SEEDS ?? 300)
    const report = await simulate(counting, { seeds, from: Number(process.env.FROM ?? 1) })
    console.log(report.schedulesPerSecond, report.traceHash, report.counts)
    for (const violation of report.violations) console.log(violation.seed, violation.what, violation.trace, '\n' + violation.timeline.slice(-60).join('\n'))
    expect(report.violations).toEqual([])
  })
})
