import { describe, expect, it } from 'vitest'
import { drawFaults, onlyRates, resolveRates } from './draw-faults.ts'
import { endMs } from './faults.ts'

describe('faults of a seed', () => {
  it('are the same for the same seed, and plain data', () => {
    for (let seed = 1; seed < 50; seed += 1) {
      const faults = drawFaults(seed, resolveRates())
      expect(drawFaults(seed, resolveRates())).toEqual(faults)
      expect(JSON.parse(JSON.stringify(faults))).toEqual(faults)
      expect(faults.every((fault) => Number.isFinite(endMs(fault)))).toBe(true)
    }
  })

  it('are of every kind in time, and of those alone that have a weight', () => {
    const kinds = (rates = {}): Set<string> =>
      new Set(
        Array.from({ length: 400 }, (_, seed) => drawFaults(seed, resolveRates(rates)))
          .flat()
          .map(({ kind }) => kind),
      )
    expect([...kinds({ rescale: 1 })].sort()).toEqual(Object.keys(resolveRates()).sort())
    expect([...kinds(onlyRates({ oneWay: 1 }))]).toEqual(['oneWay'])
    expect(kinds({ disk: 0 }).has('disk')).toBe(false)
  })

  it('come while the job runs', () => {
    const span = { ms: 50, calls: 10 }
    const faults = Array.from({ length: 200 }, (_, seed) => drawFaults(seed, resolveRates(), span)).flat()
    expect(Math.max(...faults.map((fault) => ('atMs' in fault ? fault.atMs : 0)))).toBeLessThan(50)
    expect(Math.max(...faults.map((fault) => ('call' in fault ? fault.call : 0)))).toBeLessThan(11)
  })

  it.each<[object, string]>([
    [{ quake: 1 }, "'quake' is not a kind of fault"],
    [{ disk: -1 }, 'faults.disk must be a weight of 0 or more, got -1'],
    [{ disk: Number.NaN }, 'faults.disk must be'],
    [onlyRates({}), 'leaves out every kind'],
  ])('weights that cannot be meant are refused: %j', (rates, message) => {
    const error = expect.objectContaining({ code: 'FAULT_RATE', message: expect.stringContaining(message) })
    expect(() => resolveRates(rates)).toThrowError(error)
  })
})
