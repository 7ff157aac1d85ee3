/** Scenarios of one group that differ in what goes wrong alone. */
import { scenario, type DeclaredScenario, type Play, type ScenarioOptions, type Stage } from './scenario.ts'

export type SimulatedEntry = Omit<ScenarioOptions, 'group' | 'module' | 'transports'> & {
  readonly name: string
  /** Default: that of the group. */
  readonly play?: (stage: Stage) => Play
}

/** `play` is what each of them runs, but for those that bring their own. */
export const simulatedScenarios = (
  group: string,
  entries: readonly SimulatedEntry[],
  play: (stage: Stage) => Play,
): readonly DeclaredScenario[] =>
  entries.map(({ name, play: own = play, ...options }) => scenario(name, { ...options, group }, own))
