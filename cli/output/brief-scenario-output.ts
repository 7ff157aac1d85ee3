/** One line a scenario, for many of them; what went wrong is told in full. */
import type { ScenarioEvent } from '../../scenarios/harness/scenario/events.ts'
import type { ScenarioFinished } from '../../scenarios/harness/verdict.ts'
import { describeScenarioEvent } from './describe-scenario-event.ts'
import { counted, duration } from './numbers.ts'
import type { ScenarioOutput } from './scenario-output.ts'

export function briefScenarioOutput(name: string, nameWidth: number): ScenarioOutput {
  const startedMs = performance.now()
  const told: string[] = []
  const print = (text: string): void => void process.stdout.write(`${text}\n`)
  const line = (mark: string, rest: string): string => `${mark} ${name.padEnd(nameWidth)}  ${rest}`
  const tookMs = (): string => duration(performance.now() - startedMs)
  return {
    event(event: ScenarioEvent) {
      if (event.event !== 'scenario.note' && event.event !== 'scenario.difference') return
      told.push(`    ${describeScenarioEvent(event)}`)
    },
    verdict({ verdict, kills, restarts, checkpoints, seed }: ScenarioFinished) {
      const passed = verdict === 'pass'
      const met = `${counted(kills, 'fault')}, ${counted(restarts, 'restart')}, ${counted(checkpoints, 'checkpoint')}`
      print(line(passed ? '✓' : '✗', `${met}  ${tookMs()}${passed ? '' : `  (seed ${seed})`}`))
      for (const text of told) print(text)
    },
    failed: (code, message) => print(line('✗', `${code}: ${message}  ${tookMs()}`)),
    close: () => undefined,
  }
}
