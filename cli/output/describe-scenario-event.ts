/** A scenario's event as a line for people. */
import type { ScenarioEvent } from '../../scenarios/harness/scenario/events.ts'
import { describeEvent } from './describe-event.ts'
import { counted } from './numbers.ts'

export function describeScenarioEvent(event: ScenarioEvent): string | undefined {
  switch (event.event) {
    case 'scenario.started': {
      const how =
        event.transport === 'nats'
          ? 'kill -9 of worker processes over NATS'
          : 'crashes at failpoints in memory'
      return `scenario ${event.name}: ${counted(event.records, 'record')}, ${event.kills} × ${how}, seed ${event.seed}`
    }
    case 'worker.killed':
      return `kill -9 of worker ${event.worker} (pid ${event.pid})`
    case 'failpoint.crashed':
      return `crash at ${event.failpoint}${event.task === null ? '' : ` in ${event.task}`}`
    case 'scenario.difference': {
      const rows = [
        event.expected === null ? undefined : `the recount has ${JSON.stringify(event.expected)}`,
        event.found === null ? undefined : `the output has ${JSON.stringify(event.found)}`,
      ]
      return `${event.kind} in ${event.output}: ${rows.filter((row) => row !== undefined).join('; ')}`
    }
    case 'scenario.note':
      return event.text
    default:
      return describeEvent(event)
  }
}
