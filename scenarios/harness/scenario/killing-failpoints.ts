/**
 * Kill points in real processes. Hits are counted over all of them by files that exactly one process can create; so a
 * process that was started again does not begin anew.
 */
import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError } from '../../../core/errors.ts'
import type { FailpointName, FailpointPlace, Failpoints } from '../../../core/ports/failpoints.ts'
import type { Flow } from '../../../operators/flow.ts'
import { stepsAt, type KillPoint } from './kill-point.ts'

export interface KillingOptions {
  readonly points: readonly KillPoint[]
  readonly flow: Flow
  /** Of the processes together; must exist. */
  readonly folder: string
  /** The parent, in whose process everything may run, or one of its workers. */
  readonly role: 'alone' | 'parent' | 'worker'
}

interface Armed {
  readonly point: KillPoint
  readonly steps: readonly string[] | undefined
  counted: number
}

export class KillingFailpoints implements Failpoints {
  private readonly options: KillingOptions
  private readonly armed: readonly Armed[]

  constructor(options: KillingOptions) {
    this.options = options
    this.armed = options.points.map((point) => ({
      point,
      steps: point.task && stepsAt(options.flow, point.task),
      counted: 0,
    }))
  }

  hit(name: FailpointName, place: FailpointPlace): void {
    const due: KillPoint[] = []
    this.armed.forEach((armed, index) => {
      const { point, steps } = armed
      const { at, hit = 1 } = point
      if (at !== name || armed.counted >= hit) return
      if (steps && !steps.includes(place.task?.replace(/\[.*/, '') ?? '')) return
      armed.counted = this.count(index, armed.counted)
      if (armed.counted === hit) due.push(point)
    })
    // All have counted this hit: what acts may throw.
    for (const point of due) this.act(point)
  }

  /** The number of this hit among those of all processes. */
  private count(index: number, known: number): number {
    for (let hit = known + 1; ; hit += 1) {
      try {
        closeSync(openSync(hitFile(this.options.folder, index, hit), 'wx'))
        return hit
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
    }
  }

  private act({ at, role, how = 'kill' }: KillPoint): void {
    const here = this.options.role
    const crash = new MillraceError('CRASH', `a planned crash at ${at}`, { retry: 'retry' })
    if (how === 'throw' || (role === 'worker' && here === 'alone')) throw crash
    const pid = role === 'parent' && here === 'worker' ? process.ppid : process.pid
    process.kill(pid, how === 'stop' ? 'SIGSTOP' : 'SIGKILL')
  }
}

/** How many of the points were reached. */
export const pointsReached = (points: readonly KillPoint[], folder: string): number =>
  points.filter(({ hit = 1 }, index) => existsSync(hitFile(folder, index, hit))).length

const hitFile = (folder: string, index: number, hit: number): string => join(folder, `point-${index}-${hit}`)
