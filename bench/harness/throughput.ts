/** Throughput of something that handles n records a call: warm, over a set time rather than a set count. */
import type { Measured, Params } from './contender.ts'
import { numberOf } from './contender.ts'

const firstRecords = 20_000
/** A first run says little about a longer one: what starts and ends a job is most of it. */
const growthMax = 8

/** Handles n records; answers how to check the result, which is not part of the time. */
export type Handle = (n: number) => Check | Promise<Check>
export type Check = () => void

/**
 * Calls `handle` with growing counts until runs of `warmMs` together went before one of about `measureMs`, and
 * answers that last one. `handle` returns (or resolves) when all n records are through.
 */
export async function throughput(params: Params, handle: Handle): Promise<Measured> {
  const warmMs = numberOf(params, 'warmMs')
  const measureMs = numberOf(params, 'measureMs')
  let spentMs = 0
  for (let records = firstRecords; ;) {
    const { tookMs, cpuMs } = await timed(records, handle)
    if (spentMs >= warmMs && tookMs >= measureMs * 0.7) {
      const perSecond = (ms: number): number => (records / ms) * 1000
      return { value: perSecond(tookMs), perCpuSecond: perSecond(cpuMs), notes: { records, ms: tookMs } }
    }
    spentMs += tookMs
    const wantedMs = spentMs >= warmMs ? measureMs : warmMs
    const growth = Math.min(growthMax, Math.max(1, (1.1 * wantedMs) / tookMs))
    records = Math.ceil(records * growth)
  }
}

async function timed(
  n: number,
  handle: Handle,
): Promise<{ readonly tookMs: number; readonly cpuMs: number }> {
  const cpuBefore = process.cpuUsage()
  const startedMs = performance.now()
  const check = await handle(n)
  const tookMs = performance.now() - startedMs
  const cpuMs = cpuMsSince(cpuBefore)
  check()
  return { tookMs, cpuMs }
}

export function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
