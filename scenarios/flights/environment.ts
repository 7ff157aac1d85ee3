/** How the scenario's paths reach `flow.ts` in every process. */
import { MillraceError } from '../../index.ts'
import type { FlightsPaths } from './daily-flow.ts'

const fileVariable = 'MILLRACE_FLIGHTS_FILE'
const outVariable = 'MILLRACE_FLIGHTS_OUT'

export function pathsFromEnvironment(): FlightsPaths {
  return { file: required(fileVariable), out: required(outVariable) }
}

export function pathsToEnvironment({ file, out }: FlightsPaths): void {
  process.env[fileVariable] = file
  process.env[outVariable] = out
}

function required(name: string): string {
  const value = process.env[name]
  if (value !== undefined && value !== '') return value
  throw new MillraceError(
    'ENVIRONMENT',
    `${name} must be set; the scenario does it: millrace scenario flights`,
    {
      retry: 'fatal',
    },
  )
}
