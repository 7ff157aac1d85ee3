/** Waits for what a job tells, with a bound: after a fault it must go on. */
import { MillraceError, type JobEvent } from '../../index.ts'

interface Waiting {
  readonly matches: (event: JobEvent) => boolean
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

const eventsKept = 30

export class EventWaiter {
  private readonly waitMsMax: number
  private readonly waiting = new Set<Waiting>()
  private readonly newest: JobEvent[] = []
  private ended: { readonly error: Error | undefined } | undefined

  constructor(waitMsMax: number) {
    this.waitMsMax = waitMsMax
  }

  observe(event: JobEvent): void {
    if (event.event !== 'job.progress' && this.newest.push(event) > eventsKept) this.newest.shift()
    for (const each of this.waiting) if (each.matches(event)) each.resolve()
  }

  /** The job is over: nobody waits any more. */
  end(error?: Error): void {
    this.ended ??= { error }
    for (const each of this.waiting) settle(each, this.ended)
  }

  get isOver(): boolean {
    return this.ended !== undefined
  }

  /** Resolves at the next such event, or when the job is over; rejects with `CHAOS_STUCK` after `waitMsMax`. */
  next(what: string, matches: Waiting['matches']): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const waiting = { matches, resolve, reject }
      if (this.ended) return settle(waiting, this.ended)
      const timer = setTimeout(() => reject(this.stuck(what)), this.waitMsMax)
      this.waiting.add({
        matches,
        resolve: () => {
          clearTimeout(timer)
          resolve()
        },
        reject: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      })
    })
  }

  private stuck(what: string): MillraceError {
    const seen = this.newest.map((event) => JSON.stringify(event)).join('\n')
    return new MillraceError(
      'CHAOS_STUCK',
      `waited ${this.waitMsMax / 1000} s in vain for ${what}; the last events were\n${seen}`,
      { retry: 'fatal' },
    )
  }
}

function settle({ resolve, reject }: Waiting, { error }: { readonly error: Error | undefined }): void {
  if (error) reject(error)
  else resolve()
}
