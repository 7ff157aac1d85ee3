/**
 * One round: a job in fresh folders, killed as planned until its kills have landed, then let to its end and judged.
 *
 * - Only what this round started is killed: its parent, the workers and the server that the parent's events name,
 *   and its own external server.
 * - After each kill that none follows closely the job must complete a checkpoint within a minute.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MillraceError, type JobEvent } from '../../index.ts'
import { pathsToEnvironment } from './environment.ts'
import { EventWaiter } from './event-waiter.ts'
import { ExternalServer } from './external-server.ts'
import type { LandedKill, RoundFigures } from './figures.ts'
import { judge, judgeVisible, wantedLegs } from './judge.ts'
import { Parent, type ParentExit } from './parent.ts'
import { planRound, type PlannedKill, type RoundPlan } from './plan.ts'

export interface RoundOptions {
  readonly seed: number
  readonly kills: number
  /** Empty; the round makes everything in it. */
  readonly folder: string
  readonly killed: (kill: LandedKill) => void
}

const deposits = 60_000
const transfers = 40_000
const recoverMsMax = 60_000
const awayMsMax = 1_000

export class Round {
  private readonly options: RoundOptions
  private readonly plan: RoundPlan
  private readonly events = new EventWaiter(recoverMsMax)
  private readonly out: string
  private readonly gate: string
  private readonly temporary: string
  private readonly workers = new Map<string, number>()
  private readonly kills: LandedKill[] = []
  private readonly faults: string[] = []
  private readonly wanted = new Map(wantedLegs(deposits, transfers).map((leg) => [leg.of, leg]))
  private looking: Promise<void> = Promise.resolve()
  private natsPid: number | undefined
  private external: ExternalServer | undefined
  private parent: Parent | undefined
  private parents = 0
  private restarts = 0
  private checkpoints = 0
  private records = 0

  constructor(options: RoundOptions) {
    this.options = options
    this.plan = planRound(options.seed, options.kills)
    const inside = (name: string): string => join(options.folder, name)
    this.out = inside('out')
    this.gate = inside('gate')
    this.temporary = inside('tmp')
  }

  async run(): Promise<RoundFigures> {
    mkdirSync(this.temporary)
    if (this.plan.server === 'external') {
      this.external = await ExternalServer.start(join(this.options.folder, 'nats'))
    }
    try {
      await Promise.all([this.keepRunning(), this.killAll()])
      await this.looking
    } finally {
      this.events.end()
      this.parent?.kill()
      await this.external?.stop()
    }
    if (this.records !== deposits + transfers) {
      this.faults.push(`${this.records} records counted of ${deposits + transfers}`)
    }
    this.faults.push(...this.leftovers())
    const { lost, duplicated, mismatched, differences } = await judge(this.out, deposits, transfers)
    this.faults.push(...(lost + duplicated + mismatched === 0 ? [] : differences))
    return {
      seed: this.options.seed,
      server: this.plan.server,
      kills: this.kills,
      restarts: this.restarts,
      parents: this.parents,
      checkpoints: this.checkpoints,
      records: this.records,
      lost,
      duplicated,
      mismatched,
      faults: this.faults,
    }
  }

  /** The same command again after each of its deaths, until it ends by itself. */
  private async keepRunning(): Promise<void> {
    for (;;) {
      const parent = this.startParent()
      const exit = await parent.exited
      if (this.events.isOver) return
      if (parent.wasKilled) continue
      if (exit.code === 0) return this.events.end()
      // What keeps a service running would start it again, too: the first connect needs a server.
      if (this.external?.isUp === false && exit.stderr.includes('NATS_UNREACHABLE')) {
        await this.external.up()
        continue
      }
      const failure = endedWrongly(exit)
      this.events.end(failure)
      throw failure
    }
  }

  private startParent(): Parent {
    this.parents += 1
    const { folder } = this.options
    this.parent = new Parent({
      nats: this.external?.url ?? 'embedded',
      checkpoints: join(folder, 'checkpoints'),
      env: {
        ...pathsToEnvironment({ out: this.out, gate: this.gate, deposits, transfers }),
        TMPDIR: this.temporary,
      },
      observe: (event) => this.observe(event),
    })
    return this.parent
  }

  private observe(event: JobEvent): void {
    switch (event.event) {
      case 'worker.started':
        this.workers.set(event.worker, event.pid)
        break
      case 'worker.lost':
        this.workers.delete(event.worker)
        break
      case 'nats.started':
        this.natsPid = event.pid
        break
      case 'nats.lost':
        this.natsPid = undefined
        break
      case 'job.restarting':
        this.restarts += 1
        break
      case 'checkpoint.completed':
        this.checkpoints += 1
        break
      case 'job.finished':
        this.records = event.records
        break
      default:
        break
    }
    for (const kill of this.kills) {
      if (kill.recoveryMs === undefined && event.atMs > kill.atMs && endsRecovery(event, kill)) {
        kill.recoveryMs = event.atMs - kill.atMs
      }
    }
    this.events.observe(event)
  }

  private async killAll(): Promise<void> {
    for (const planned of this.plan.kills) {
      await this.waitFor(planned)
      await sleep(planned.delayMs)
      while (!this.events.isOver && !this.kill(planned)) {
        await this.events.next('a process to kill', () => true)
      }
    }
    this.openGate()
  }

  private async waitFor({ moment }: PlannedKill): Promise<void> {
    const sinceMs = this.kills.at(-1)?.atMs ?? 0
    const recovered = (): Promise<void> =>
      this.events.next(
        'a checkpoint after a kill',
        ({ event, atMs }) => event === 'checkpoint.completed' && atMs > sinceMs,
      )
    switch (moment) {
      case 'together':
        return
      case 'restarting':
        return this.events.next('a restart', ({ event, atMs }) => atMs > sinceMs && startings.has(event))
      case 'ending':
        if (this.kills.length > 0) await recovered()
        return this.openGate()
      case 'any':
      case 'checkpoint':
        return recovered()
      default:
        throw new TypeError(`no such moment: ${String(moment satisfies never)}`)
    }
  }

  private openGate(): void {
    writeFileSync(this.gate, '')
  }

  /** True when it hit a living process. */
  private kill({ role, moment, victim }: PlannedKill): boolean {
    const atMs = Date.now()
    if (!this.hit(role, victim)) return false
    const landed: LandedKill = { role, moment, atMs, recoveryMs: undefined }
    this.kills.push(landed)
    this.options.killed(landed)
    if (role === 'parent') this.look()
    return true
  }

  private hit(role: PlannedKill['role'], victim: number): boolean {
    switch (role) {
      case 'worker': {
        const living = [...this.workers]
        const [worker, pid] = living[Math.floor(victim * living.length)] ?? []
        if (worker === undefined || pid === undefined) return false
        this.workers.delete(worker)
        return killPid(pid)
      }
      case 'parent':
        if (this.parent?.kill() !== true) return false
        this.workers.clear()
        this.natsPid = undefined
        return true
      case 'server': {
        if (this.external) return this.external.kill(victim * awayMsMax)
        const pid = this.natsPid
        this.natsPid = undefined
        return pid !== undefined && killPid(pid)
      }
      default:
        throw new TypeError(`no such role: ${String(role satisfies never)}`)
    }
  }

  /** A reader in the middle of it sees nothing twice. */
  private look(): void {
    this.looking = this.looking.then(async () => {
      this.faults.push(...(await judgeVisible(this.out, this.wanted)).slice(0, 5))
    })
    this.looking.catch(() => undefined)
  }

  private leftovers(): string[] {
    const staged = ['entries', 'branches'].flatMap((name) =>
      readdirSync(join(this.out, name)).filter((file) => file.startsWith('.staged')),
    )
    return [...staged, ...readdirSync(this.temporary)].map((name) => `${name} is left behind`)
  }
}

const startings: ReadonlySet<string> = new Set([
  ...['job.restarting', 'job.started', 'nats.started', 'checkpoint.completed'],
])

const endsRecovery = ({ event }: JobEvent, { role }: LandedKill): boolean =>
  event === 'job.finished' || event === (role === 'server' ? 'checkpoint.completed' : 'job.restored')

function killPid(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

const endedWrongly = ({ code, signal, stderr, garbage }: ParentExit): MillraceError =>
  new MillraceError(
    'CHAOS_JOB_FAILED',
    `the command ended with ${signal ?? code}${garbage === undefined ? '' : `, and printed ${garbage}`}: ${stderr}`,
    { retry: 'fatal' },
  )
