/** Watermarks and timers: T1, W1. */
import { edit, type Mutant } from '../mutant.ts'

const carrying = 'actors/task/watermark-flow.ts'
const clock = 'actors/task/step-clock.ts'
const timers = 'operators/state/timers.ts'

export const timeMutants: readonly Mutant[] = [
  {
    id: 'watermark-before-its-timers',
    invariant: 'T1',
    what: 'a watermark leaves a step before its timers have fired',
    edits: edit(
      carrying,
      "if (this.fire(node, 'event', node.clock.lowestMs)) return true\n      this.send(stop, leaving(stop))",
      "this.send(stop, leaving(stop))\n      if (this.at < this.stops.length - 1) continue\n      for (const late of this.stops)\n        if (this.fire(late.node, 'event', late.node.clock.lowestMs)) return true",
    ),
  },
  {
    id: 'watermark-before-its-records',
    invariant: 'T1',
    what: 'a watermark leaves a task before the records that it follows',
    edits: edit(
      'actors/task/output.ts',
      'if (this.records.length > 0) {\n      this.watermark = watermark',
      'if (this.records.length > 1_000_000) {\n      this.watermark = watermark',
    ),
  },
  {
    id: 'highest-input-counts',
    invariant: 'W1',
    what: "a task's watermark is that of the input that is furthest ahead",
    edits: [
      {
        file: 'actors/task/input-watermarks.ts',
        find: 'let lowest = Infinity',
        replace: 'let lowest = -Infinity',
      },
      {
        file: 'actors/task/input-watermarks.ts',
        find: 'lowest = Math.min(lowest, this.atMs[i] ?? lowest)',
        replace: 'lowest = Math.max(lowest, this.atMs[i] ?? lowest)',
      },
    ],
  },
  {
    id: 'floors-forgotten',
    invariant: 'W1',
    what: 'a restored step begins without a watermark',
    edits: edit(clock, 'this.advance(Math.min(...floors))', 'this.floors = undefined'),
  },
  {
    id: 'timers-not-restored',
    invariant: 'W1',
    what: 'a timer that was set before a restore never fires',
    edits: edit(
      timers,
      'for (let timer: KeyTimer | undefined = this.timersOf(entry); timer; timer = timer.next) {\n      this.push(',
      'for (let timer: KeyTimer | undefined; timer; timer = timer.next) {\n      this.push(',
    ),
  },
  {
    id: 'timers-fire-again',
    invariant: 'W1',
    what: 'a timer that has fired is still in the state',
    edits: edit(timers, 'if (!sweeps) {\n        this.drop(entry, held)', 'if (!sweeps) {'),
  },
  {
    id: 'expired-is-read',
    invariant: 'X1',
    what: 'what has reached its deadline is read until it is swept',
    edits: edit(
      'operators/state/ttl.ts',
      'return deadlineMs === undefined || deadlineMs > this.nowMs(cell)',
      'return deadlineMs === undefined || deadlineMs >= this.nowMs(cell) - 20',
    ),
  },
  {
    id: 'swept-too-early',
    invariant: 'X2',
    what: 'a sweep takes what a record that is still to come may read',
    edits: edit(
      'operators/state/ttl.ts',
      'deadlines.get(cell.name), { dated, untilMs })',
      'deadlines.get(cell.name), { dated, untilMs: untilMs + 100 })',
    ),
  },
  {
    id: 'times-not-carried',
    invariant: 'T1',
    what: 'what a record brings forth later has the time of another record',
    edits: edit(
      'actors/task/output.ts',
      'this.link.sendBatch(records, times)',
      'this.link.sendBatch(records, times?.map(() => times[0] ?? 0))',
    ),
  },
]
