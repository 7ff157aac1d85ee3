/** `millrace scenario [NAME…]`. */
import { randomInt } from 'node:crypto'
import { scenarios } from '../../scenarios/all.ts'
import type { Scenario } from '../../scenarios/scenario.ts'
import type { Transport } from '../../scenarios/harness/verdict.ts'
import { exitCodes } from '../exit-codes.ts'
import { exitCodeOf, failureOf, printFailure } from '../failure.ts'
import { scenarioOutput } from '../output/scenario-output.ts'
import { table } from '../output/table.ts'
import { onStopSignals } from '../stop-signals.ts'
import { UsageError } from '../usage-error.ts'

export interface ScenarioArguments {
  readonly seed?: number
  readonly kills?: number
  readonly transport: Transport
  readonly list?: true
  readonly json?: true
}

/** Resolves to the exit code. */
export async function scenarioCommand(names: readonly string[], given: ScenarioArguments): Promise<number> {
  if (given.list === true) return listScenarios(given.json === true)
  const chosen = names.length === 0 ? scenarios : names.map(find)
  let code: number = exitCodes.ok
  for (const scenario of chosen) {
    const ended = await runScenario(scenario, given)
    if (ended !== exitCodes.ok) code = ended
    if (ended > exitCodes.usage) break
  }
  return code
}

async function runScenario(scenario: Scenario, given: ScenarioArguments): Promise<number> {
  const output = scenarioOutput(given.json === true)
  const abort = new AbortController()
  const signals = onStopSignals((signal) => {
    process.stderr.write(`millrace: ${signal}: ending; once more to end at once\n`)
    abort.abort()
  })
  try {
    const verdict = await scenario.run({
      seed: given.seed ?? randomInt(2 ** 32),
      transport: given.transport,
      kills: given.kills,
      report: (event) => output.event(event),
      signal: abort.signal,
    })
    output.verdict(verdict)
    return verdict.verdict === 'pass' ? exitCodes.ok : exitCodes.failed
  } catch (error) {
    const { received } = signals
    if (received !== undefined) return exitCodes.interrupted[received]
    const { code, message } = failureOf(error)
    output.failed(code, message)
    printFailure(error)
    return exitCodeOf(error)
  } finally {
    output.close()
    signals.release()
  }
}

function find(name: string): Scenario {
  const scenario = scenarios.find((candidate) => candidate.name === name)
  if (scenario) return scenario
  const known = scenarios.map((candidate) => candidate.name).join(', ')
  throw new UsageError('SCENARIO_UNKNOWN', `there is no scenario '${name}'; known are ${known}`)
}

function listScenarios(json: boolean): number {
  const text = json
    ? scenarios.map(({ name, description }) => JSON.stringify({ name, description })).join('\n')
    : table(
        [{ title: 'scenario' }, { title: 'what it does' }],
        scenarios.map(({ name, description }) => [name, description]),
      )
  process.stdout.write(`${text}\n`)
  return exitCodes.ok
}
