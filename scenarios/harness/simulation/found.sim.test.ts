/** What simulation found in the engine, as it found it: each was mended, and must stay so. */
import { describe, expect, it } from 'vitest'
import { simulate } from './simulate.ts'
import { engineFlows } from './testing/all.ts'
import type { Trial } from './trial.ts'

const found: readonly (readonly [what: string, trial: Trial])[] = [
  [
    'calls under way went to another task than their key when the number of tasks changed',
    {
      flow: 'calling',
      seed: 1004,
      faults: [{ kind: 'rescale', atMs: 296.77052793868233, parallelism: 4, workers: 3 }],
      size: 0.5,
      parallelism: 1,
      workers: 1,
    },
  ],
  [
    'the same, restored twice before they had left',
    {
      flow: 'calling',
      seed: 2,
      faults: [
        { kind: 'rescale', atMs: 43.46242862964839, parallelism: 1, workers: 3 },
        { kind: 'rescale', atMs: 325.4552942307748, parallelism: 2, workers: 2 },
      ],
      size: 0.25,
      parallelism: 1,
    },
  ],
  [
    'a coordinator that did not know whether its slot was written found it collected, and wrote it again',
    {
      flow: 'windowed',
      seed: 14377,
      faults: [
        { kind: 'disk', atMs: 123.96142098353008, forMs: 255.23539697751403, code: 'EIO', rate: 0.17416475724894553 }, // prettier-ignore
        { kind: 'stopParent', atMs: 216.28659587557462, forMs: 12219.523375388235, worker: 'kill' },
      ],
      workers: 1,
    },
  ],
  [
    'a successor that was overtaken while it sealed did so in a slot that had been collected: what stands above it was lost',
    {
      flow: 'relaying-unaligned',
      seed: 82279,
      faults: [
        { kind: 'startAgain', atMs: 151.88924197576583 },
        {
          kind: 'failpoint',
          name: 'coordinator.told-some',
          hit: 1,
          action: 'stopParent',
          forMs: 936.0149388667196,
        },
        { kind: 'failpoint', name: 'task.captured', hit: 4, action: 'losePower' },
      ],
    },
  ],
  [
    'a run that had been replaced cleared what its successor had collected: a fault of the simulation',
    {
      flow: 'aborting',
      seed: 9469,
      faults: [
        { kind: 'rescale', atMs: 96.13113581200982, parallelism: 2, workers: 1 },
        { kind: 'stopParent', atMs: 144.11057569433572, forMs: 536.5058715920895 },
        { kind: 'killParent', atMs: 67.07356450830544 },
      ],
      size: 0.5,
    },
  ],
]

describe('found by simulation', () => {
  it.each(found)('%s', async (_, trial) => {
    const made = engineFlows[trial.flow]
    if (!made) throw new Error(`no flow '${trial.flow}'`)
    const { violations } = await simulate(made, { replay: JSON.stringify(trial) })
    expect(violations.map(({ report }) => report)).toEqual([])
  })
})
