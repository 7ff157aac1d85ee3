/** Faults 25 to 34, 38 and 39: what the network does while checkpoints are taken. Simulated; frames and control alike. */
import { simulatedScenarios, type SimulatedEntry } from '../harness/scenario/simulated-scenarios.ts'
import type { Fault } from '../harness/simulation/faults.ts'
import type { NetworkFaults } from '../../transport/simulated/memory-channels.ts'
import { bank } from '../workloads/bank.ts'

/** Virtual ms: the job runs by then, and for about as long again. */
const atMs = 100
const worker = 0
const coordinator = 0.99

const during = (forMs: number, faults: NetworkFaults): Fault => ({ kind: 'network', atMs, forMs, faults })

/** So many times, so far apart. */
const repeated = (times: number, everyMs: number, fault: (atMs: number) => Fault): readonly Fault[] =>
  Array.from({ length: times }, (_, index) => fault(atMs + index * everyMs))

const entries: readonly SimulatedEntry[] = [
  {
    name: 'worker-cut-off',
    faults: [25],
    promise: 'a worker that is cut off and told so goes on where it was; nothing is lost',
    simulated: [{ kind: 'partition', atMs, forMs: 300, pick: worker }],
  },
  {
    name: 'coordinator-cut-off',
    faults: [25],
    promise: 'a coordinator that is cut off takes no checkpoint meanwhile, and goes on',
    simulated: [{ kind: 'partition', atMs, forMs: 300, pick: coordinator }],
  },
  {
    name: 'worker-unheard',
    faults: [26],
    promise: 'what a worker says is lost in silence: it is resent, and changes nothing twice',
    simulated: [{ kind: 'oneWay', atMs, forMs: 300, pick: worker, direction: 'out' }],
  },
  {
    name: 'worker-deaf',
    faults: [26],
    promise: 'what a worker should hear is lost in silence: it is resent',
    simulated: [{ kind: 'oneWay', atMs, forMs: 300, pick: worker, direction: 'in' }],
  },
  {
    name: 'coordinator-unheard',
    faults: [26],
    promise: 'commands are repeated until they are answered or superseded',
    simulated: [{ kind: 'oneWay', atMs, forMs: 300, pick: coordinator, direction: 'out' }],
  },
  {
    name: 'jitter',
    faults: [27],
    promise: 'messages late by up to 5 s start nothing twice',
    simulated: [during(3_000, { delayMsMax: 5_000 })],
  },
  {
    name: 'reordered',
    faults: [28],
    promise: 'links deliver in order what the network does not',
    simulated: [during(400, { reorderRate: 0.3, delayMsMax: 20 })],
  },
  {
    name: 'duplicated-frames',
    faults: [29],
    promise: 'a frame that comes twice is dropped once',
    simulated: [during(400, { duplicateRate: 0.5 })],
  },
  {
    name: 'lost-frames',
    faults: [30],
    promise: 'a frame that is lost is sent again',
    simulated: [during(400, { lossRate: 0.2 })],
  },
  {
    name: 'damaged-frames',
    faults: [30, 69, 73],
    promise: 'a frame with a flipped bit is no frame, and is sent again',
    simulated: [during(400, { corruptRate: 0.2 })],
  },
  {
    name: 'slow-network',
    faults: [31],
    promise: 'no sender exceeds what it was granted, however long the answers take',
    simulated: [during(2_000, { delayMsMin: 50, delayMsMax: 100 })],
  },
  {
    name: 'half-open',
    faults: [32],
    promise: 'a connection that is silently dead both ways is noticed by silence alone',
    simulated: [
      { kind: 'oneWay', atMs, forMs: 15_000, pick: worker, direction: 'in' },
      { kind: 'oneWay', atMs, forMs: 15_000, pick: worker, direction: 'out' },
    ],
  },
  {
    name: 'flapping',
    faults: [33],
    promise: 'a server that goes and comes again and again costs time alone',
    simulated: repeated(10, 30, (each) => ({ kind: 'natsRestart', atMs: each, forMs: 10 })),
  },
  {
    name: 'nats-restarted',
    faults: [34],
    promise: 'a server that was gone for half a second costs a pause; what was on its way is sent again',
    simulated: [{ kind: 'natsRestart', atMs, forMs: 500 }],
  },
  {
    name: 'disconnected-often',
    faults: [38],
    promise: 'a client that is thrown out as a slow consumer reconnects, and its links heal',
    simulated: repeated(6, 25, (each) => ({ kind: 'partition', atMs: each, forMs: 10, pick: worker })),
  },
  {
    name: 'grants-lost-and-doubled',
    faults: [39],
    promise: 'grants are absolute: a lost one blocks nobody for long, a doubled one grants nothing more',
    simulated: [during(600, { lossRate: 0.3, duplicateRate: 0.3 })],
  },
]

export const cutsAndLosses = simulatedScenarios('network', entries, bank())
