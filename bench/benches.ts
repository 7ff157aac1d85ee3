/** All benches. Numbers of goals are those of the performance goals in README.md. */
import { growthBenches } from './growth.ts'
import type { Bench, Entrant, RatioWanted, Sizes } from './harness/bench.ts'
import type { Params } from './harness/contender.ts'

export const quickSizes: Sizes = { quick: true, rounds: 1, warmMs: 60, measureMs: 120 }
export const fullSizes: Sizes = { quick: false, rounds: 5, warmMs: 700, measureMs: 2_000 }

const peers = (
  subject: string,
  atLeast: { readonly rxjs: number; readonly streams: number },
): RatioWanted[] => [
  { of: subject, to: 'RxJS', atLeast: atLeast.rxjs },
  { of: subject, to: 'Node streams', atLeast: atLeast.streams },
]

/** What no engine around a loop can pass. */
const ceilings: readonly RatioWanted[] = [
  { of: 'hand-written loop', to: 'RxJS' },
  { of: 'hand-written loop', to: 'Node streams' },
]

const peerGoals = { rxjs: 10, streams: 50 }

export function allBenches(sizes: Sizes, nats: string): Bench[] {
  return [
    keyedCount(sizes),
    chain(sizes, 'records'),
    chain(sizes, 'integers'),
    edge(sizes, nats),
    ...stateSizes(sizes).map((keys) => checkpointsInProcess(sizes, keys)),
    ...stateSizes(sizes).map((keys) => checkpointsOverNats(sizes, keys, nats)),
    stall(sizes),
    slides(sizes, 'size'),
    slides(sizes, 'slide'),
    latency(sizes, nats),
    recoveryThrow(sizes),
    recoveryKill(sizes, nats),
    ...growthBenches(sizes),
  ]
}

const stateSizes = ({ quick }: Sizes): readonly number[] => (quick ? [1_000] : [1_000, 100_000])

/** Of one contender's pipeline: some seconds' worth at its own pace, since pace is what is compared. */
const recordsOf = ({ quick }: Sizes, millions: number): number => (quick ? 40_000 : millions * 1_000_000)

const timesOf = ({ warmMs, measureMs }: Sizes): Params => ({ warmMs, measureMs })

function keyedCount(sizes: Sizes): Bench {
  const params = { ...timesOf(sizes), keys: 1_000 }
  const sized = (millions: number): Params => ({ ...params, records: recordsOf(sizes, millions) })
  return {
    name: 'keyed-count',
    title: 'Keyed count in one process, 1,000 keys',
    unit: 'records/s',
    rounds: sizes.rounds,
    entrants: [
      { label: 'Millrace', contender: 'keyed-millrace', params: { ...sized(80), everyMs: 1_000 } },
      { label: 'hand-written loop', contender: 'keyed-hand', params },
      { label: 'RxJS', contender: 'keyed-rxjs', params: sized(16) },
      { label: 'RxJS, reduce into a Map', contender: 'keyed-rxjs-reduce', params: sized(40) },
      { label: 'Node streams', contender: 'keyed-streams', params: sized(24) },
    ],
    ratios: [
      { of: 'Millrace', to: 'hand-written loop', atLeast: 0.5 },
      ...peers('Millrace', peerGoals),
      { of: 'Millrace', to: 'RxJS, reduce into a Map' },
      ...ceilings,
    ],
  }
}

function chain(sizes: Sizes, name: 'records' | 'integers'): Bench {
  const params = { ...timesOf(sizes), chain: name }
  const sized = (millions: number): Params => ({ ...params, records: recordsOf(sizes, millions) })
  return {
    name: `chain-${name}`,
    title: `Chain of 8 map and filter steps in one process, on ${name}`,
    unit: 'records/s',
    rounds: sizes.rounds,
    entrants: [
      { label: 'Millrace', contender: 'chain-millrace', params: { ...sized(300), everyMs: 1_000 } },
      { label: 'hand-written loop', contender: 'chain-hand', params },
      { label: 'RxJS', contender: 'chain-rxjs', params: sized(20) },
      { label: 'Node streams', contender: 'chain-streams', params: sized(4) },
    ],
    ratios: [{ of: 'Millrace', to: 'hand-written loop', atLeast: 0.5 }, ...peers('Millrace', peerGoals)],
  }
}

const edgeParams = ({ quick }: Sizes, keys: number, nats: string): Params => ({
  nats,
  keys,
  records: quick ? 150_000 : 6_000_000,
  warmRecords: quick ? 50_000 : 1_500_000,
})

function edge(sizes: Sizes, nats: string): Bench {
  const params = edgeParams(sizes, 1_000, nats)
  return {
    name: 'edge',
    title: 'Keyed count across two processes over NATS, 1,000 keys, every record crosses',
    unit: 'records/s',
    rounds: sizes.rounds,
    entrants: [
      { label: 'Millrace', contender: 'edge-millrace', params: { ...params, everyMs: 1_000 } },
      { label: 'nats.js + msgpackr', contender: 'edge-bare', params },
    ],
    ratios: [{ of: 'Millrace', to: 'nats.js + msgpackr', atLeast: 0.9 }],
  }
}

const intervals = (contender: string, params: Params): Entrant[] => [
  { label: 'off', contender, params: { ...params, everyMs: null } },
  { label: 'every second', contender, params: { ...params, everyMs: 1_000 } },
  { label: 'every 100 ms', contender, params: { ...params, everyMs: 100 } },
]

const intervalRatios = [
  { of: 'every second', to: 'off', atLeast: 0.98 },
  { of: 'every 100 ms', to: 'off', atLeast: 0.95 },
]

function checkpointsInProcess(sizes: Sizes, keys: number): Bench {
  return {
    name: `checkpoint-${keys}`,
    title: `Keyed count in one process by checkpoint interval, ${keys} keys`,
    unit: 'records/s',
    rounds: sizes.rounds,
    entrants: intervals('steady-throughput', {
      ...timesOf(sizes),
      measureMs: sizes.quick ? 100 : 3_000,
      checkpointsMin: sizes.quick ? 1 : 2,
      keys,
    }),
    ratios: intervalRatios,
  }
}

function checkpointsOverNats(sizes: Sizes, keys: number, nats: string): Bench {
  return {
    name: `checkpoint-nats-${keys}`,
    title: `Keyed count over NATS by checkpoint interval, ${keys} keys`,
    unit: 'records/s',
    rounds: sizes.rounds,
    entrants: intervals('edge-millrace', edgeParams(sizes, keys, nats)),
    ratios: intervalRatios,
  }
}

function stall({ quick, rounds }: Sizes): Bench {
  const params = {
    checkpointsMin: quick ? 1 : 2,
    keys: quick ? 10_000 : 1_000_000,
    warmMs: quick ? 50 : 1_500,
    measureMs: quick ? 300 : 5_000,
  }
  return {
    name: 'stall',
    title: `Longest stall of the event loop under full load, ${params.keys} keys`,
    unit: 'ms',
    rounds: Math.min(rounds, 3),
    entrants: [
      { label: 'checkpoints off', contender: 'steady-stall', params: { ...params, everyMs: null } },
      {
        label: 'every second',
        contender: 'steady-stall',
        params: { ...params, everyMs: quick ? 100 : 1_000 },
      },
    ],
    ratios: [{ of: 'every second', to: 'checkpoints off' }],
    limits: [{ of: 'every second', atMost: 5 }],
  }
}

/** In ratios of rates: at most 1.5 × the cost. */
const slidesCostMax = 1.5

/** 60 slides against 2: of windows of a minute, so that the slides shrink; or of slides of a second. */
function slides(sizes: Sizes, fixed: 'size' | 'slide'): Bench {
  const keys = sizes.quick ? 10 : 1_000
  const recordsPerMinute = sizes.quick ? 10_000 : 1_000_000
  const sizeMs = (count: number): number => (fixed === 'size' ? 60_000 : count * 1_000)
  return {
    name: fixed === 'size' ? 'slides-of-a-minute' : 'slides-of-a-second',
    title: `Count a key over sliding windows ${fixed === 'size' ? 'of a minute' : 'that slide by a second'}, ${keys} keys, ${recordsPerMinute / keys} records a key and minute`,
    unit: 'records/s',
    rounds: sizes.rounds,
    entrants: [2, 60].map((count) => ({
      label: `${count} slides`,
      contender: 'sliding-count',
      params: { keys, recordsPerMinute, records: recordsOf(sizes, 12), slides: count, sizeMs: sizeMs(count) },
    })),
    ratios: [{ of: '60 slides', to: '2 slides', atLeast: 1 / slidesCostMax }],
  }
}

function latency({ quick, rounds }: Sizes, nats: string): Bench {
  const params = {
    keys: 1_000,
    everyMs: 1_000,
    warmMs: quick ? 100 : 2_000,
    measureMs: quick ? 200 : 5_000,
    peakRecords: quick ? 20_000 : 4_000_000,
  }
  return {
    name: 'latency',
    title: `From when a record is due to its update, p99, at half of peak rate, ${params.keys} keys, a checkpoint a second`,
    unit: 'ms',
    rounds: Math.min(rounds, 3),
    entrants: [
      { label: 'in process', contender: 'latency', params: { ...params, nats: null } },
      { label: 'over NATS', contender: 'latency', params: { ...params, nats } },
    ],
    ratios: [],
    limits: [
      { of: 'in process', atMost: 5 },
      { of: 'over NATS', atMost: 10 },
    ],
  }
}

const recoveryKeys = ({ quick }: Sizes): readonly number[] => (quick ? [1_000] : [1_000, 1_000_000])

function recoveryThrow(sizes: Sizes): Bench {
  const label = (keys: number): string => `${keys} keys`
  return {
    name: 'recovery-throw',
    title: 'A throw in an operator, in process: to job.restored (median; max in the notes)',
    unit: 'ms',
    rounds: 1,
    entrants: recoveryKeys(sizes).map((keys) => ({
      label: label(keys),
      contender: 'recovery-throw',
      params: { keys, everyMs: sizes.quick ? 50 : 200, blows: sizes.quick ? 2 : 20 },
    })),
    ratios: [],
    limits: recoveryKeys(sizes).map((keys) => ({ of: label(keys), note: 'p99', atMost: 10 })),
  }
}

function recoveryKill(sizes: Sizes, nats: string): Bench {
  const label = (keys: number): string => `${keys} keys`
  return {
    name: 'recovery-kill',
    title: 'kill -9 of a worker over NATS: to job.restored, cold (median; max in the notes)',
    unit: 'ms',
    rounds: 1,
    entrants: recoveryKeys(sizes).map((keys) => ({
      label: label(keys),
      contender: 'recovery-kill',
      params: { keys, nats, everyMs: sizes.quick ? 100 : 500, blows: sizes.quick ? 1 : 10 },
    })),
    ratios: [],
    limits: recoveryKeys(sizes).map((keys) => ({ of: label(keys), note: 'max', atMost: 250 })),
  }
}
