/** Waits for a job's events, on this process's clock. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { JobEvent, JobHandle } from '../../index.ts'

export interface JobWatch {
  /** Workers alive, with their processes. */
  readonly workers: ReadonlyMap<string, number>
  /** The next event of this kind after now, and when it was seen (performance.now). */
  next<K extends JobEvent['event']>(kind: K): Promise<{ readonly seenMs: number }>
  /** Every one of `keys` keys has its state, and a later checkpoint holds it. */
  filled(keys: number): Promise<void>
}

const patienceMs = 120_000

export function watchJob(job: JobHandle): JobWatch {
  const workers = new Map<string, number>()
  let waiting: { kind: string; resolve: (seen: { seenMs: number }) => void }[] = []
  const follow = async (): Promise<void> => {
    for await (const event of job.events) {
      const seenMs = performance.now()
      if (event.event === 'worker.started') workers.set(event.worker, event.pid)
      if (event.event === 'worker.lost') workers.delete(event.worker)
      const met = waiting.filter(({ kind }) => kind === event.event)
      waiting = waiting.filter((each) => !met.includes(each))
      for (const { resolve } of met) resolve({ seenMs })
    }
  }
  const failed = follow().then(() => job.finished)
  failed.catch(() => undefined)
  const next: JobWatch['next'] = async (kind) => {
    const patience = new AbortController()
    const late = sleep(patienceMs, undefined, { signal: patience.signal }).then(() => {
      throw new Error(`no ${kind} within ${patienceMs} ms`)
    })
    late.catch(() => undefined)
    const over = failed.then(() => {
      throw new Error(`the job ended before ${kind}`)
    })
    over.catch(() => undefined)
    const seen = new Promise<{ seenMs: number }>((resolve) => waiting.push({ kind, resolve }))
    try {
      return await Promise.race([seen, late, over])
    } finally {
      patience.abort()
    }
  }
  return {
    workers,
    next,
    async filled(keys) {
      while (job.status().records < 2 * keys) await Promise.race([sleep(20), failed])
      await next('checkpoint.completed')
      // The one that just completed may have begun before.
      await next('checkpoint.completed')
    },
  }
}
