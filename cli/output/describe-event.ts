/** An event as a line for people, or undefined for those that a status line shows better. */
import type { JobEvent } from '../../index.ts'
import { byteSize, counted, duration } from './numbers.ts'

export function describeEvent(event: JobEvent): string | undefined {
  switch (event.event) {
    case 'job.started': {
      const where =
        event.workers === 0 ? 'in this process' : `on ${counted(event.workers, 'worker')} over NATS`
      return `${event.job}: ${counted(event.tasks, 'task')} ${where}`
    }
    case 'worker.started':
      return `worker ${event.worker} started (pid ${event.pid})`
    case 'worker.lost':
      return `worker ${event.worker} lost (pid ${event.pid}): ${event.reason}`
    case 'task.failed':
      return `task ${event.task} failed: ${event.code}: ${event.message}`
    case 'job.restarting':
      return `restarting as epoch ${event.epoch}${event.delayMs > 0 ? ` in ${duration(event.delayMs)}` : ''}: ${event.reason}`
    case 'job.restored': {
      const from = event.checkpoint === null ? 'started afresh' : `restored checkpoint ${event.checkpoint}`
      return `${from}${event.recoveryMs === null ? '' : ` after ${duration(event.recoveryMs)}`}`
    }
    case 'checkpoint.completed': {
      const kind = event.final ? 'final checkpoint' : event.savepoint ? 'savepoint' : 'checkpoint'
      const onTheWay = event.channelBytes > 0 ? `, ${byteSize(event.channelBytes)} of it on its way` : ''
      return `${kind} ${event.id}: ${byteSize(event.bytes)}${onTheWay} in ${duration(event.durationMs)}`
    }
    case 'checkpoint.failed':
      return `checkpoint ${event.id} failed: ${event.code}: ${event.message}`
    case 'job.guarantee':
      return `${event.sink}: ${event.guarantee}${event.because.length === 0 ? '' : ` (${event.because.join('; ')})`}`
    case 'job.warning':
      return `warning: ${event.code}: ${event.message}`
    case 'nats.started':
      return `NATS at ${event.url} (pid ${event.pid})`
    case 'nats.lost':
      return `NATS lost (pid ${event.pid}): ${event.reason}; it is started again`
    case 'job.finished': {
      const late = Object.entries(event.lateDropped).map(([step, n]) => `, ${n} late given up by '${step}'`)
      return `finished: ${counted(event.records, 'record')}, ${counted(event.checkpoints, 'checkpoint')}, ${counted(event.restarts, 'restart')}${late.join('')}`
    }
    case 'job.stopped':
      return event.checkpoint === null
        ? 'stopped'
        : `stopped at ${event.savepoint ? 'savepoint' : 'checkpoint'} ${event.checkpoint}; the same command continues from it`
    case 'job.failed':
      return `failed: ${event.code}: ${event.message}`
    case 'job.progress':
      return undefined
    default:
      return undefined
  }
}
