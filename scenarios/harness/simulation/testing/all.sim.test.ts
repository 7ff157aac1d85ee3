import { describe, expect, it } from 'vitest'
import { failureFreeRows, simulate } from '../simulate.ts'
import type { FlowMaker } from '../trial.ts'
import { engineFlows } from './all.ts'

const part = (made: FlowMaker, share: number): FlowMaker =>
  Object.assign((size: number) => made(size * share), made.run && { run: made.run })

describe("the simulator's own flows", { timeout: 600_000 }, () => {
  it.each(Object.entries(engineFlows))(
    '%s has that name in traces, and fewer rows when it is smaller',
    async (name, made) => {
      expect(made(1).name).toBe(name)
      expect(made.length).toBe(1)
      const [whole, small] = [await failureFreeRows(made), await failureFreeRows(part(made, 1 / 64))]
      expect(small.length).toBeGreaterThan(0)
      expect(small.length).toBeLessThan(whole.length)
    },
  )

  it.each(Object.entries(engineFlows).filter(([name]) => name.endsWith('-unaligned')))(
    'C4: checkpoints of %s hold channel state, and its output is that of a run without failures',
    async (_, made) => {
      const { violations, counts } = await simulate(made, { seeds: 10 })
      expect(violations.map(({ report }) => report)).toEqual([])
      expect(counts['checkpoint with channel state']).toBeGreaterThan(10)
    },
  )
})
