/** `millrace scenario [NAME…]`. */
import { randomInt } from 'node:crypto'
import { scenarios } from '../../scenarios/all.ts'
import type { Scenario } from '../../scenarios/harness/scenario/scenario.ts'
import type { Transport } from '../../scenarios/harness/verdict.ts'
import { exitCodes } from '../exit-codes.ts'
import { exitCodeOf, failureOf, printFailure } from '../failure.ts'
import { briefScenarioOutput } from '../output/brief-scenario-output.ts'
import { counted } from '../output/numbers.ts'
import { scenarioOutput, type ScenarioOutput } from '../output/scenario-output.ts'
import { table } from '../output/table.ts'
import { onStopSignals } from '../stop-signals.ts'
import { UsageError } from '../usage-error.ts'

export interface ScenarioArguments {
  readonly seed?: number
  readonly kills?: number
  readonly group?: string
  readonly transport?: Transport
  readonly list?: true
  readonly json?: true
}

interface Chosen {
  readonly scenario: Scenario
  readonly transport: Transport
}

/** Resolves to the exit code. */
export async function scenarioCommand(names: readonly string[], given: ScenarioArguments): Promise<number> {
  if (given.list === true) return listScenarios(wantedBy(names, given), given.json === true)
  const chosen = choose(names, given)
  const width = Math.max(...chosen.map(({ scenario }) => scenario.name.length))
  let code: number = exitCodes.ok
  let passed = 0
  for (const each of chosen) {
    const brief = chosen.length > 1 || each.transport === 'simulated'
    const output =
      given.json === true || !brief
        ? scenarioOutput(given.json === true)
        : briefScenarioOutput(each.scenario.name, width)
    const ended = await runScenario(each, given, output)
    if (ended === exitCodes.ok) passed += 1
    else code = ended
    if (ended > exitCodes.usage) break
  }
  if (chosen.length > 1 && given.json !== true) {
    process.stdout.write(`${counted(chosen.length, 'scenario')}, ${passed} passed\n`)
  }
  return code
}

async function runScenario(
  { scenario, transport }: Chosen,
  given: ScenarioArguments,
  output: ScenarioOutput,
): Promise<number> {
  const abort = new AbortController()
  const signals = onStopSignals((signal) => {
    process.stderr.write(`millrace: ${signal}: ending; once more to end at once\n`)
    abort.abort()
  })
  try {
    const verdict = await scenario.run({
      seed: given.seed ?? randomInt(2 ** 32),
      transport,
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

/** A named scenario that cannot be played over that transport is an error; of a group, those that can are. */
function choose(names: readonly string[], given: ScenarioArguments): readonly Chosen[] {
  const { transport } = given
  const wanted = wantedBy(names, given)
  const chosen = wanted
    .filter(({ transports }) => transport === undefined || transports.includes(transport))
    .map((scenario) => ({ scenario, transport: transport ?? scenario.transports[0] }))
  const left = wanted.find((each) => !chosen.some(({ scenario }) => scenario === each))
  if (left && (names.length > 0 || chosen.length === 0)) {
    throw new UsageError(
      'SCENARIO_TRANSPORT',
      `scenario '${left.name}' can be played with --transport ${left.transports.join(' or ')}, not ${String(transport)}`,
    )
  }
  return chosen
}

const wantedBy = (names: readonly string[], { group }: ScenarioArguments): readonly Scenario[] =>
  names.length === 0 ? inGroup(group) : names.map(find)

function inGroup(group: string | undefined): readonly Scenario[] {
  const found = scenarios.filter((each) => group === undefined || each.group === group)
  if (found.length > 0) return found
  const known = [...new Set(scenarios.map((each) => each.group))].join(', ')
  throw new UsageError('SCENARIO_UNKNOWN', `there is no group '${String(group)}'; known are ${known}`)
}

function find(name: string): Scenario {
  const scenario = scenarios.find((candidate) => candidate.name === name)
  if (scenario) return scenario
  throw new UsageError('SCENARIO_UNKNOWN', `there is no scenario '${name}'; known are ${knownLike(name)}`)
}

const namesShown = 8

/** Those whose names have most in common with it, first. */
function knownLike(name: string): string {
  const parts = name.split('-')
  const score = (each: Scenario): number => parts.filter((part) => each.name.includes(part)).length
  const sorted = [...scenarios].sort((a, b) => score(b) - score(a)).map((each) => each.name)
  const more = sorted.length > namesShown ? ` and ${sorted.length - namesShown} more (--list)` : ''
  return `${sorted.slice(0, namesShown).join(', ')}${more}`
}

function listScenarios(listed: readonly Scenario[], json: boolean): number {
  const text = json
    ? listed
        .map(({ name, group, faults, promise, transports }) =>
          JSON.stringify({ name, group, faults, promise, transports }),
        )
        .join('\n')
    : table(
        [
          { title: 'scenario' },
          { title: 'group' },
          { title: 'faults' },
          { title: 'played' },
          { title: 'promise' },
        ],
        listed.map(({ name, group, faults, transports, promise }) => [
          name,
          group,
          faults.join(' '),
          transports.join(' '),
          promise,
        ]),
      )
  process.stdout.write(`${text}\n`)
  return exitCodes.ok
}
