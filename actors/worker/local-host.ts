/** The worker inside the process that called `run`: messages pass by reference, one event-loop turn later. */
import type { WorkerId } from '../../core/ids.ts'
import type { Timers } from '../../core/ports/index.ts'
import type { FromWorker } from './messages.ts'
import type { WorkerEvents, WorkerHandle, WorkerHost } from './host.ts'
import { Worker, type WorkerOptions } from './worker.ts'

export interface LocalHostOptions extends Omit<WorkerOptions, 'id' | 'send'> {
  readonly pid: number
}

export function localHost(options: LocalHostOptions): WorkerHost {
  return {
    transport: 'memory',
    start: (id, events) => startLocal(options, id, events),
    close: () => Promise.resolve(),
  }
}

function startLocal(options: LocalHostOptions, id: WorkerId, events: WorkerEvents): WorkerHandle {
  const toJob = inTurn<FromWorker>(options.ports.timers, events.message)
  let alive = true
  const worker = new Worker({ ...options, id, send: (message) => alive && toJob(message) })
  const toWorker = inTurn(options.ports.timers, (message: Parameters<Worker['receive']>[0]) => {
    if (alive) worker.receive(message)
  })
  toJob({ kind: 'ready', worker: id, pid: options.pid })
  return {
    id,
    pid: options.pid,
    send: toWorker,
    kill() {
      if (!alive) return
      alive = false
      worker.drop()
      options.ports.timers.soon(() => events.lost('ended'))
    },
  }
}

/** Calls `deliver` for each item in order, in a later turn of the event loop. */
function inTurn<T>(timers: Timers, deliver: (item: T) => void): (item: T) => void {
  let queue: T[] = []
  return (item) => {
    if (queue.push(item) > 1) return
    timers.soon(() => {
      const items = queue
      queue = []
      for (const each of items) deliver(each)
    })
  }
}
