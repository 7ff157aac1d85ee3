/** O1, O2: a sink that hangs while it opens costs a restart, whatever else fails meanwhile. */
import { describe, expect, it } from 'vitest'
import { flow, fromGenerator, toJsonl, type Flow, type SinkDefinition } from '../../../index.ts'
import { simulate } from './simulate.ts'
import { share } from './testing/shape.ts'

const seeds = Number(process.env.SEEDS ?? 40)
const from = Number(process.env.FROM ?? 1)

interface Row {
  readonly id: number
}

/** The first attempt of every coordinator finds one of its tasks hanging. */
function opening(size: number): Flow {
  const inner = toJsonl<Row>('/out')
  const sink: SinkDefinition<Row> = {
    ...inner,
    open: (context) =>
      context.epoch.attempt === 1 && context.taskIndex === 0
        ? new Promise(() => undefined)
        : inner.open(context),
  }
  const made = flow('opening')
  made
    .source('rows', fromGenerator({ count: share(300, size), splits: 3, at: (id) => ({ id }) }))
    .keyBy('by-key', ({ id }) => id % 7)
    .reduce('last', (_, row) => row, { ttl: { ttlMs: 60_000 } })
    .sink('out', sink)
  return made
}

describe('simulated opening', { timeout: 3_600_000 }, () => {
  it('what hangs is given up at its deadline, and the output is that of a run without failures', async () => {
    const { violations, counts } = await simulate(opening, { seeds, from, run: { openMsMax: 500 } })
    expect(violations.map(({ report }) => report)).toEqual([])
    expect(counts['task.failed']).toBeGreaterThanOrEqual(seeds)
    expect(counts['job.finished']).toBeGreaterThanOrEqual(seeds)
  })
})
