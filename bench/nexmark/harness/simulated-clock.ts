/**
 * A query in one thread on a simulated clock, which stands still while anything is left to run: each event is read when
 * its time has come, and worked on before the clock goes on. So processing time is event time.
 */
import { collect, fromGenerator, memoryStore, run, type SourceDefinition } from '../../../index.ts'
import { virtualTime, type VirtualTime } from '../../../core/simulated/time.ts'
import type { NexmarkConfig } from '../generator/config.ts'
import type { NexmarkEvent } from '../generator/events.ts'
import { Generator } from '../generator/generator.ts'
import { nexmarkFlow } from '../nexmark-flow.ts'
import type { QueryName } from '../queries/names.ts'

/** The clock goes on by so much at a time, so that a million events are not a hundred thousand moments. */
const tickMs = 100

export async function runOnSimulatedClock(
  query: QueryName,
  config: NexmarkConfig,
): Promise<readonly object[]> {
  const time = virtualTime(tickOf(config.baseMs))
  const rows = collect<object>()
  const flow = nexmarkFlow({ query, config, source: paced(config, time), sink: rows })
  let over = false
  const ended = run(flow, {
    parallelism: 1,
    checkpoints: { everyMs: 1_000, store: memoryStore() },
    ports: { clock: time, timers: time },
  })
    .then((job) => job.finished)
    .finally(() => (over = true))
  await Promise.all([ended, keepRunning(time, () => over)])
  return rows.values
}

const tickOf = (ms: number): number => Math.floor(ms / tickMs) * tickMs

function paced(config: NexmarkConfig, time: VirtualTime): SourceDefinition<NexmarkEvent> {
  const generator = new Generator(config)
  return fromGenerator({
    async *open(position: number | null) {
      for (let n = position ?? 0; n < config.events; n += 1) {
        const value = generator.at(n)
        const waitMs = tickOf(value.dateTime) - time.wallMs()
        if (waitMs > 0) await new Promise<void>((resolve) => time.after(waitMs, resolve))
        yield { value, position: n + 1 }
      }
    },
  })
}

/** All promises that can settle have settled before time goes on. */
async function keepRunning(time: VirtualTime, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await new Promise((resolve) => setImmediate(resolve))
    time.runNext()
  }
}
