import { describe, expect, it } from 'vitest'
import { flow } from './flow.ts'
import { guarantees } from './guarantees.ts'
import { collect, toConsole } from './sinks/index.ts'
import type { SourceDefinition } from './source.ts'
import { fromArray } from './sources/index.ts'

const replayable = fromArray([1])
const lossy: SourceDefinition<number> = { ...replayable, replayable: false }

describe('the guarantee of each sink', () => {
  it('is its own where every source replays, and says what lowers it', () => {
    const made = flow('f')
    const source = made.source('in', replayable)
    source.sink('exact', collect())
    source.sink('repeats', toConsole())
    expect(guarantees(made.graph(), { durable: true })).toEqual([
      { sink: 'exact', guarantee: 'exactly-once', because: [] },
      { sink: 'repeats', guarantee: 'at-least-once', because: [expect.stringMatching(/^sink 'repeats': ./)] },
    ])
  })

  it('is lost behind a source that cannot replay, on every path, and only there', () => {
    const made = flow('f')
    const a = made.source('a', replayable)
    const b = made.source('b', lossy)
    a.sink('only-a', collect())
    a.union('both', b)
      .map('m', (n) => n)
      .keyBy('k', (n) => n)
      .reduce('r', (n) => n)
      .sink('joined', collect())
    expect(guarantees(made.graph(), { durable: true })).toEqual([
      { sink: 'only-a', guarantee: 'exactly-once', because: [] },
      { sink: 'joined', guarantee: 'at-most-once', because: ["source 'b' cannot replay"] },
    ])
  })

  it('holds within the process where no store outlives it, and says so', () => {
    const made = flow('f')
    made.source('in', replayable).sink('out', collect())
    const [report] = guarantees(made.graph(), { durable: false })
    expect(report?.because).toEqual([expect.stringContaining('in memory')])
  })
})
