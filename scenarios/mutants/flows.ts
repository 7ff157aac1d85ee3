/** What mutants are tried on: the simulator's flows, and some for what those leave alone. */
import { crc32 } from 'node:zlib'
import { cell, collect, flow, fromGenerator, operator, toJsonl, type Flow } from '../../index.ts'
import type { SimulateOptions } from '../harness/simulation/simulate.ts'
import type { Simulated } from '../harness/simulation/trial.ts'
import { onlyRates, type FaultRates } from '../harness/simulation/draw-faults.ts'
import { engineFlows, engineRates } from '../harness/simulation/testing/all.ts'
import { branching, merging, small } from '../harness/simulation/testing/flows.ts'
import { calling } from '../harness/simulation/testing/joining-flows.ts'

interface Item {
  readonly id: number
  readonly key: string
}

const items = (count: number, keys: number) =>
  fromGenerator({ count, at: (id): Item => ({ id, key: `k${id % keys}` }) })

/** State too large for the manifest: parts are written. */
function bulky(): Flow {
  const made = flow('bulky')
  made
    .source('items', items(160, 8))
    .keyBy('by-key', (item) => item.key)
    .process(
      'hoard',
      operator<string, Item, Item & { readonly seen: number; readonly sum: number }>()({
        state: { seen: cell(() => 0), ballast: cell(() => 'x'.repeat(8_000)) },
        onRecord(ctx, item) {
          ctx.state.ballast.set(`${ctx.state.ballast.get().slice(1)}${item.id % 10}`)
          ctx.state.seen.set(ctx.state.seen.get() + 1)
          ctx.emit({ ...item, seen: ctx.state.seen.get(), sum: crc32(ctx.state.ballast.get()) })
        },
      }),
    )
    .sink('hoarded', toJsonl('/hoarded'))
  return made
}

/** A handler that changes its state and emits before it throws: P1 undoes both. */
function poisoned(): Flow {
  const made = flow('poisoned')
  const counted = made
    .source('items', items(120, 6))
    .keyBy('by-key', (item) => item.key)
    .process(
      'count',
      operator<string, Item, string>()({
        state: { count: cell(() => 0) },
        onRecord(ctx, item) {
          ctx.state.count.set(ctx.state.count.get() + 1)
          ctx.emit(`${item.key} ${ctx.state.count.get()}`)
          if (item.id % 7 === 3) throw new Error(`item ${item.id}`)
        },
      }),
      { onError: 'dead-letter' },
    )
  counted.deadLetters.map('brief', (letter) => letter.raw).sink('refused', toJsonl('/refused'))
  counted.sink('counts', collect())
  return made
}

/** Each key comes twice in a row, and is in no snapshot that began before: many slices, many newcomers. */
function newcomers(): Flow {
  const made = flow('newcomers')
  made
    .source('items', fromGenerator({ count: 300, at: (id) => ({ id, key: `k${id >> 1}` }) }))
    .keyBy('by-key', (item) => item.key)
    .process(
      'twice',
      operator<string, Item, string>()({
        state: { seen: cell(() => 0) },
        onRecord(ctx) {
          ctx.state.seen.set(ctx.state.seen.get() + 1)
          ctx.emit(`${ctx.key} ${ctx.state.seen.get()}`)
        },
      }),
    )
    .sink('seen', collect())
  return made
}

/** A flow, how it is run and what goes wrong; the defaults are those of `simulate`. */
export interface Course {
  readonly flow: Simulated
  readonly run?: NonNullable<SimulateOptions['run']>
  readonly faults?: FaultRates
}

const unaligned = {
  checkpoints: { everyMs: 10, failuresMax: 1000, timeoutMs: 2_000, alignmentTimeoutMs: 1 },
}
/** The cheapest first, the dearest last. */
const turn = (name: string): number => (name === 'small' ? 0 : name === 'timing' ? 2 : 1)
const aligned = Object.entries({ bulky, newcomers, poisoned, ...engineFlows })
  .filter(([name]) => !name.endsWith('-unaligned'))
  .sort(([a], [b]) => turn(a) - turn(b))

/** Kinds that hide behind others where all are drawn alike. */
const badDisks = onlyRates({ disk: 4, slowDisk: 4, bitFlip: 1, powerLoss: 1, killWorker: 2, killParent: 1 })
const badNetwork = onlyRates({
  network: 4,
  partition: 1,
  oneWay: 2,
  stopWorker: 1,
  killWorker: 1,
  slowDisk: 1,
})
const weathers = Object.entries({ bulky, poisoned, merging }).flatMap(([name, flow]): [string, Course][] => [
  [`${name}, bad disks`, { flow, faults: badDisks }],
  [`${name}, bad network`, { flow, faults: badNetwork }],
])
/** Nothing but disks that fail: nobody else is there to whom a coordinator could lose its job. */
const failingDisks = Object.entries({ bulky, merging, small }).map(([name, flow]): [string, Course] => [
  `${name}, failing disks`,
  { flow, faults: onlyRates({ disk: 1 }) },
])
/** What is held back meanwhile goes where its key goes. */
const rescaled: Course = {
  flow: calling,
  faults: onlyRates({ rescale: 4, killWorker: 1, killParent: 1, startAgain: 1 }),
}

/** Checkpoints are given up before slow disks answer: what comes late must mean nothing. */
const hasty = Object.entries({ bulky, branching }).map(([name, flow]): [string, Course] => [
  `${name}, hasty`,
  {
    flow,
    run: { checkpoints: { everyMs: 10, failuresMax: 100_000, timeoutMs: 30 } },
    faults: onlyRates({ slowDisk: 4, killWorker: 1, killParent: 1 }),
  },
])

/** The simulator's own flows and these; some where one kind of trouble reigns; and all with barriers that overtake. */
export const courses: Readonly<Record<string, Course>> = Object.fromEntries([
  ...aligned.map(([name, flow]): [string, Course] => [name, { flow, faults: engineRates }]),
  ...weathers,
  ...failingDisks,
  ['calling, rescaled', rescaled],
  ...hasty,
  ...aligned.map(([name, flow]): [string, Course] => [`${name}, unaligned`, { flow, run: unaligned }]),
])
