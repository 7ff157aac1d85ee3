/** What the edge flow is to do: worker processes load it as a module, so it comes by the environment. */
export interface EdgeSetup {
  readonly records: number
  /** Before the measured ones. */
  readonly warmRecords: number
  readonly keys: number
}

const variable = 'MILLRACE_BENCH_EDGE'

export function writeEdgeSetup(setup: EdgeSetup): void {
  process.env[variable] = JSON.stringify(setup)
}

export function readEdgeSetup(): EdgeSetup {
  const text = process.env[variable]
  if (text === undefined) throw new Error(`${variable} is not set: this module is loaded by the benchmark`)
  return JSON.parse(text) as EdgeSetup
}
