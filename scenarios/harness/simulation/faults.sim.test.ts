import { describe, expect, it } from 'vitest'
import { isTyped } from '../../../core/errors.ts'
import { onlyRates, resolveRates } from './draw-faults.ts'
import type { FaultKind } from './faults.ts'
import { runSchedule } from './schedule.ts'
import { failureFreeRows, simulate } from './simulate.ts'
import { branchingUnaligned, merging, small } from './testing/flows.ts'

const kinds = Object.keys(resolveRates()) as FaultKind[]

describe('faults', { timeout: 600_000 }, () => {
  it.each(kinds)('%s alone happens, and nothing wrong becomes visible', async (kind) => {
    const report = await simulate(small, { seeds: 12, faults: onlyRates({ [kind]: 1 }) })
    expect(report.violations).toEqual([])
    expect(report.counts[`fault ${kind}`]).toBeGreaterThan(0)
  })

  const run = { workers: 2, parallelism: 2, keyGroups: 16, checkpoints: { everyMs: 10, failuresMax: 1000 } }
  const play = (faults: Parameters<typeof runSchedule>[1]['faults']) =>
    runSchedule(merging(1), { seed: 3, faults, run, livenessMs: 60_000 })

  it('C7: a rotten bit in what a restore needs is refused with a typed error, and nothing wrong is visible', async () => {
    const expected = new Set(await failureFreeRows(merging, { run }))
    const codes = new Set<string>()
    for (let bit = 0.05; bit < 1; bit += 0.1) {
      const rot = [0, 0.2, 0.4, 0.6, 0.8, 0.99].map(
        (pick) => ({ kind: 'bitRot', atMs: 150, pick, bit }) as const,
      )
      const { refused, stuck, rows } = await play([...rot, { kind: 'killParent', atMs: 151 }])
      expect(stuck).toBeUndefined()
      if (refused) codes.add(refused.code)
      expect(new Set(rows).size).toBe(rows.length)
      expect(rows.filter((row) => !expected.has(row))).toEqual([])
    }
    expect([...codes]).toContain('CHECKPOINT_DAMAGED')
  })

  it('a refusal stands when a parent that was stopped goes on afterwards, and ends', async () => {
    const { refused, rows, stuck } = await play([
      { kind: 'slowDisk', atMs: 132.8, forMs: 90.8, operationMsMax: 28_428, where: 'everywhere' },
      { kind: 'bitRot', atMs: 246.4, pick: 0.58, bit: 0.514 },
      { kind: 'killParent', atMs: 239 },
      { kind: 'stopParent', atMs: 53.5, forMs: 12_115, worker: 'stop' },
    ])
    const expected = new Set(await failureFreeRows(merging, { run }))
    expect([stuck, refused?.code]).toEqual([undefined, 'CHECKPOINT_DAMAGED'])
    expect(rows.filter((row) => !expected.has(row))).toEqual([])
  })

  it('a task whose code throws, before its work or behind it, restarts the job', async () => {
    for (const when of ['before', 'after'] as const) {
      const { world, rows } = await play([{ kind: 'throwingCode', call: 300, when }])
      expect(world.counts.get('job.restarting')).toBe(1)
      expect(rows).toEqual(await failureFreeRows(merging, { run }))
    }
  })

  it('code that blocks holds its own process up, and no other', async () => {
    const { world, rows } = await play([{ kind: 'slowCode', call: 300, forMs: 5_000 }])
    expect(world.time.monotonicMs()).toBeGreaterThan(5_000)
    expect(world.counts.get('job.restarting')).toBeUndefined()
    expect(rows).toEqual(await failureFreeRows(merging, { run }))
  })

  it.each([
    { kind: 'slowDisk', atMs: 100, forMs: 50, operationMsMax: 20, where: 'parts', endsDark: true },
    { kind: 'disk', atMs: 100, forMs: 50, code: 'EIO', rate: 0.1, endsDark: true },
  ] as const)('a disk in trouble that ends in the dark: $kind', async (trouble) => {
    const { runs, rows } = await play([trouble])
    expect(runs).toBe(2)
    expect(rows).toEqual(await failureFreeRows(merging, { run }))
  })

  it('C4: a rescale is refused where records were on their way, and the job goes on as before', async () => {
    const overtaking = { ...run, ...branchingUnaligned.run }
    const codes = new Set<string>()
    for (let atMs = 40; atMs < 200; atMs += 20) {
      const faults = [{ kind: 'rescale', atMs, parallelism: 3, workers: 1 }] as const
      const options = { seed: atMs, faults, run: overtaking, livenessMs: 60_000 }
      const { failures, rows, stuck } = await runSchedule(branchingUnaligned(1), options)
      expect(stuck).toBeUndefined()
      expect(rows).toEqual(await failureFreeRows(branchingUnaligned, { run }))
      for (const error of failures) codes.add(isTyped(error) ? error.code : error.message)
    }
    expect([...codes]).toEqual(['RESCALE_UNALIGNED'])
  })

  it('E3: a parent that went on after another finished the job changes nothing', async () => {
    const { world, rows, runs } = await play([
      { kind: 'stopParent', atMs: 120, forMs: 20_000, worker: 'stop' },
    ])
    expect([runs, world.time.monotonicMs() > 20_000]).toEqual([2, true])
    expect(rows).toEqual(await failureFreeRows(merging, { run }))
  })
})
