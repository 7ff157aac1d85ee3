/** Faults 41 to 52: disks that are full, broken, slow, or lose what was not synced. */
import type { Files } from '../../core/ports/files.ts'
import { simulatedScenarios, type SimulatedEntry } from '../harness/scenario/simulated-scenarios.ts'
import type { Play, Played, Stage } from '../harness/scenario/scenario.ts'
import { bank } from '../workloads/bank.ts'
import { damageNewestSlot, leaveLitter, removeNewestParts } from './damage.ts'

const atMs = 100

/** The bank, and something that happens to the disk between two runs. */
const betweenRuns =
  (between: NonNullable<Play['between']>) =>
  (stage: Stage): Play => ({
    ...bank({ padChars: 20_000 })(stage),
    between,
    // What was damaged cannot be summed up.
    check: () => [],
  })

const withCheck =
  (check: (played: Played) => readonly string[]) =>
  (stage: Stage): Play => {
    const play = bank({ padChars: 20_000 })(stage)
    return { ...play, check: async (played) => [...((await play.check?.(played)) ?? []), ...check(played)] }
  }

const someFailed = ({ events }: Played): readonly string[] =>
  events.some(({ event }) => event === 'checkpoint.failed') ? [] : ['no checkpoint failed']

const killed = { at: 'coordinator.told-some', role: 'parent', hit: 2 } as const

/** Each byte of the newest slot's file changed in turn would take long; these are its head, middle and end. */
const damages = {
  'flipped-bit': (bytes: Uint8Array) => bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 4 : byte)),
  truncated: (bytes: Uint8Array) => bytes.slice(0, bytes.length >> 1),
  emptied: () => new Uint8Array(),
  'of-another-version': (bytes: Uint8Array) => bytes.map((byte, at) => (at === 4 ? byte + 1 : byte)),
} as const

const damaged: readonly SimulatedEntry[] = Object.entries(damages).map(([how, change]) => ({
  name: `manifest-${how}`,
  faults: how === 'flipped-bit' ? [42] : how === 'of-another-version' ? [74] : [41, 48],
  promise: 'damaged is not absent: the job refuses to continue without consent, and shows nothing wrong',
  kill: killed,
  ends: { failsWith: 'CHECKPOINT_DAMAGED' },
  play: betweenRuns((files, _stage, store) => damageNewestSlot(files, store, change)),
}))

const entries: readonly SimulatedEntry[] = [
  {
    name: 'power-lost',
    faults: [41, 48, 52],
    promise: 'names without content and torn writes are no checkpoint: what was promised was synced before',
    simulated: [{ kind: 'powerLoss', atMs: 130 }],
    schedules: 6,
  },
  {
    name: 'power-lost-twice',
    faults: [41, 48],
    promise: 'power that fails while the job recovers from a power failure changes nothing',
    simulated: [
      { kind: 'powerLoss', atMs: 120 },
      { kind: 'powerLoss', atMs: 260 },
    ],
    schedules: 4,
  },
  ...damaged,
  {
    name: 'part-missing',
    faults: [43],
    promise:
      'a checkpoint whose state is gone is damaged, not absent: the job refuses to go back without consent',
    kill: killed,
    ends: { failsWith: 'CHECKPOINT_DAMAGED' },
    play: betweenRuns((files, _stage, store) => removeNewestParts(files, store)),
  },
  {
    name: 'bits-flip-in-reads',
    faults: [42],
    promise: 'a read that differs from its digest is not believed; read again, it is right',
    kill: { at: 'task.captured', role: 'worker', hit: 9 },
    simulated: [{ kind: 'bitFlip', atMs, forMs: 200, rate: 0.05 }],
  },
  {
    name: 'disk-full',
    faults: [44],
    promise: 'checkpoints fail and say so; once there is room the job is exact',
    simulated: [{ kind: 'disk', atMs, forMs: 100, code: 'ENOSPC', rate: 1 }],
  },
  {
    name: 'disk-broken-now-and-then',
    faults: [49],
    promise: 'an EIO is never taken for success by trying again',
    simulated: [{ kind: 'disk', atMs, forMs: 200, code: 'EIO', rate: 0.2 }],
  },
  {
    name: 'store-slow',
    faults: [46, 19],
    promise:
      'a sync that takes 30 s fails its checkpoint by time-out, its late acknowledgement means nothing, and the stream goes on',
    simulated: [{ kind: 'slowDisk', atMs: 85, forMs: 60, operationMsMax: 30_000, where: 'store' }],
    play: withCheck(someFailed),
  },
  {
    name: 'everything-slow',
    faults: [61, 46],
    promise: 'a sink a hundred times slower than its source bounds the source, and checkpoints complete',
    simulated: [{ kind: 'slowDisk', atMs: 80, forMs: 600, operationMsMax: 100, where: 'everywhere' }],
  },
  {
    name: 'litter-of-an-unclean-end',
    faults: [52],
    promise: 'files that nothing refers to are neither read nor shown',
    kill: killed,
    play: betweenRuns((files: Files, stage, store) => leaveLitter(files, `${stage.folder}/booked`, store)),
  },
]

export const disks = simulatedScenarios('storage', entries, bank())
