/** For tests: what a step is given, with plain stand-ins. */
import { silentLog } from '../../core/log.ts'
import { stepName } from '../../core/ids.ts'
import { seededRandom } from '../../core/simulated/random.ts'
import { virtualTime, type VirtualTime } from '../../core/simulated/time.ts'
import type { OperatorContext } from '../operator.ts'

export interface FakeContext extends OperatorContext {
  readonly clock: { watermarkMs: number; readonly reachedMs: number; nowMs(): number }
  readonly virtual: VirtualTime
  /** Times of what was emitted, in order. */
  readonly emittedMs: number[]
  wakes: number
}

export function fakeContext(changes: Partial<OperatorContext> = {}, startMs = 0): FakeContext {
  const virtual = virtualTime(startMs)
  const time = { recordMs: NaN }
  const emittedMs: number[] = []
  const emit = changes.emit ?? (() => undefined)
  const context: FakeContext = {
    step: stepName('s'),
    emitTo: () => undefined,
    gate: { leftovers: 0 },
    inTask: () => false,
    time,
    clock: fakeClock(() => virtual.wallMs()),
    ports: { clock: virtual, timers: virtual, random: seededRandom(1), log: silentLog },
    wake: () => void (context.wakes += 1),
    wakes: 0,
    parallelism: 1,
    taskIndex: 0,
    virtual,
    emittedMs,
    ...(changes as object),
    emit: (record) => {
      emittedMs.push(context.time.recordMs)
      emit(record)
    },
  }
  return context
}

function fakeClock(nowMs: () => number): FakeContext['clock'] {
  let atMs = -Infinity
  let reachedMs = -Infinity
  return {
    nowMs,
    get watermarkMs() {
      return atMs
    },
    set watermarkMs(ms: number) {
      atMs = ms
      if (ms < Infinity) reachedMs = ms
    },
    get reachedMs() {
      return reachedMs
    },
  }
}
