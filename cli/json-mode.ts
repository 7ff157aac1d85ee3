/**
 * `--json`: one JSON object a line on standard output, and nothing else there. What the flow's own code prints
 * goes to standard error; `MILLRACE_JSON` tells the same to worker processes and to `toConsole`.
 */
import { toJson } from './output/json.ts'

export type WriteLine = (value: object) => void

/** Call before the flow is loaded: from then on, only the returned function reaches standard output. */
export function takeStandardOutput(): WriteLine {
  process.env['MILLRACE_JSON'] = '1'
  const write = process.stdout.write.bind(process.stdout)
  process.stdout.write = process.stderr.write.bind(process.stderr)
  return (value) => void write(`${toJson(value)}\n`)
}
