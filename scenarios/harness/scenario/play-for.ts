/** Plays a scenario for a test. */
import type { ScenarioFinished, Transport } from '../verdict.ts'
import type { ScenarioEvent } from './events.ts'
import type { Scenario } from './scenario.ts'

export interface PlayedFor {
  readonly verdict: ScenarioFinished
  /** What was found wrong, in words. */
  readonly told: readonly string[]
}

export interface PlayForOptions {
  /** Default: the scenario's first. */
  readonly transport?: Transport
  /** Default 1. */
  readonly seed?: number
  /** How often it is simulated; default: the scenario's own number. */
  readonly schedules?: number
}

/** Resolves with the verdict, also a bad one. */
export async function playFor(
  scenario: Scenario,
  { transport = scenario.transports[0], seed = 1, schedules }: PlayForOptions = {},
): Promise<PlayedFor> {
  const told: string[] = []
  const report = (event: ScenarioEvent): void => {
    if (event.event === 'scenario.note') told.push(event.text)
    if (event.event === 'scenario.difference') told.push(`${event.kind} in ${event.output}: ${event.key}`)
  }
  const signal = new AbortController().signal
  const verdict = await scenario.run({ seed, transport, schedules, kills: undefined, report, signal })
  return { verdict, told }
}
