/** What `scenario` tells while it runs, and the verdict at its end. */
import type { ScenarioFinished } from '../../scenarios/harness/verdict.ts'
import type { ScenarioEvent } from '../../scenarios/harness/scenario/events.ts'
import { takeStandardOutput, type WriteLine } from '../json-mode.ts'
import { describeScenarioEvent } from './describe-scenario-event.ts'
import { ScenarioProgress } from './scenario-progress.ts'
import { StatusLine } from './status-line.ts'
import { verdictTable } from './verdict-table.ts'

export interface ScenarioOutput {
  event(event: ScenarioEvent): void
  verdict(verdict: ScenarioFinished): void
  failed(code: string, message: string): void
  close(): void
}

export function scenarioOutput(json: boolean): ScenarioOutput {
  return json ? jsonOutput(takeStandardOutput()) : humanOutput()
}

function jsonOutput(write: WriteLine): ScenarioOutput {
  let failureTold = false
  return {
    event(event) {
      failureTold ||= event.event === 'job.failed'
      write(event)
    },
    verdict: write,
    failed(code, message) {
      if (!failureTold) write({ event: 'job.failed', atMs: Date.now(), code, message })
    },
    close: () => undefined,
  }
}

/** Lines that only make a log long: the progress says how many there were. */
const routine: ReadonlySet<ScenarioEvent['event']> = new Set([
  'checkpoint.completed',
  'worker.started',
  'job.failed',
])
const plainProgressMs = 1_000

function humanOutput(): ScenarioOutput {
  const { stdout } = process
  const progress = new ScenarioProgress()
  const line = stdout.isTTY ? new StatusLine(stdout, () => progress.text(performance.now())) : undefined
  let toldMs = performance.now()
  const print = (text: string): void => void stdout.write(`${text}\n`)
  return {
    event(event) {
      progress.observe(event)
      const text = routine.has(event.event) ? undefined : describeScenarioEvent(event)
      if (text !== undefined) print(text)
      const nowMs = performance.now()
      if (line || event.event !== 'job.progress' || nowMs - toldMs < plainProgressMs) return
      toldMs = nowMs
      print(progress.text(nowMs))
    },
    verdict(verdict) {
      line?.close()
      print(`\n${verdictTable(verdict)}`)
    },
    failed: () => line?.close(),
    close: () => line?.close(),
  }
}
