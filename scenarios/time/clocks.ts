/** Faults 53 to 57: clocks that jump, processes that stand still. */
import { simulatedScenarios, type SimulatedEntry } from '../harness/scenario/simulated-scenarios.ts'
import { bank } from '../workloads/bank.ts'

const hourMs = 3_600_000

const entries: readonly SimulatedEntry[] = [
  {
    name: 'clock-ahead',
    faults: [53],
    promise: 'a wall clock that is set an hour ahead changes nothing: time-outs are of monotonic time',
    simulated: [{ kind: 'clockJump', atMs: 110, byMs: hourMs }],
  },
  {
    name: 'clock-back',
    faults: [54],
    promise: 'a wall clock that is set an hour back changes nothing',
    simulated: [{ kind: 'clockJump', atMs: 110, byMs: -hourMs }],
  },
  {
    name: 'clock-back-at-a-takeover',
    faults: [54, 16],
    promise: 'terms, not clocks, say who is in charge',
    simulated: [{ kind: 'clockJump', atMs: 110, byMs: -hourMs }],
    kill: { at: 'coordinator.manifest-written', role: 'parent', hit: 2 },
  },
  {
    name: 'worker-blocked',
    faults: [56],
    promise: 'a step that blocks its process for 30 s is waited for or fenced, and counts nothing twice',
    simulated: [{ kind: 'slowCode', call: 200, forMs: 30_000 }],
  },
  {
    name: 'worker-stopped-briefly',
    faults: [18],
    promise: 'a worker that stood still for less than the patience of its coordinator goes on',
    simulated: [{ kind: 'stopWorker', atMs: 110, pick: 0, forMs: 3_000 }],
  },
]

export const clocks = simulatedScenarios('time', entries, bank())
