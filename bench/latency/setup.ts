/** What the flow is to do: worker processes load it as a module, so it comes by the environment. */
import type { LatencySetup } from './flow.ts'

const variable = 'MILLRACE_BENCH_LATENCY'

export function writeLatencySetup(setup: LatencySetup): void {
  process.env[variable] = JSON.stringify(setup)
}

export function readLatencySetup(): LatencySetup {
  const text = process.env[variable]
  if (text === undefined) throw new Error(`${variable} is not set: this module is loaded by the benchmark`)
  return JSON.parse(text) as LatencySetup
}
