/**
 * Plays a scenario with real processes and files: one process (memory), or a parent and two workers over NATS. A parent
 * that is killed is started again, as a process manager would.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemPorts } from '../../../core/system/index.ts'
import type { JobEvent } from '../../../index.ts'
import { fileStore } from '../../../snapshot/stores/file-store.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import type { ScenarioFinished } from '../verdict.ts'
import { judgePlay } from './judge.ts'
import { pointsReached } from './killing-failpoints.ts'
import type { PlayBoot } from './play-boot.ts'
import { builtOf, PlayedProcess, type PlayEnd } from './played-process.ts'
import type { DeclaredScenario, Play, Played, ScenarioRun, Stage } from './scenario.ts'
import { VerdictBuilder } from './verdict-builder.ts'

const playMsMax = 180_000
const runsMax = 10

export async function playOverProcesses(
  scenario: DeclaredScenario,
  given: ScenarioRun,
): Promise<ScenarioFinished> {
  const transport = given.transport === 'nats' ? 'nats' : 'memory'
  const folder = await temporaryFolder(scenario.name)
  const boot: PlayBoot = {
    module: builtOf(new URL(scenario.options.module ?? '')).href,
    scenario: scenario.name,
    transport,
    seed: given.seed,
    folder: join(folder.path, 'stage'),
    store: join(folder.path, 'store'),
    points: join(folder.path, 'points'),
  }
  const stage: Stage = { transport, seed: given.seed, folder: boot.folder, breathe: () => Promise.resolve() }
  const play = scenario.play(stage)
  const verdict = new VerdictBuilder({ scenario, seed: given.seed, transport, report: given.report })
  verdict.start(play)
  try {
    await mkdir(boot.points)
    const played = await new ProcessPlay({ scenario, play, stage, boot, given }).perform()
    verdict.add(play, played, await judgePlay(scenario, play, played))
    await played.store.close()
    given.signal.throwIfAborted()
  } finally {
    await folder.remove()
  }
  return verdict.finish()
}

interface Parts {
  readonly scenario: DeclaredScenario
  readonly play: Play
  readonly stage: Stage
  readonly boot: PlayBoot
  readonly given: ScenarioRun
}

class ProcessPlay {
  private readonly parts: Parts
  private readonly events: JobEvent[] = []
  private readonly failures: { readonly code: string; readonly message: string }[] = []
  private readonly living = new Set<PlayedProcess>()
  private completed = 0
  private waiting: (() => void) | undefined
  private late = false

  constructor(parts: Parts) {
    this.parts = parts
  }

  async perform(): Promise<Played> {
    const { scenario, stage, boot, given } = this.parts
    const startedMs = performance.now()
    const kill = (): void => {
      for (const each of this.living) each.kill()
    }
    given.signal.addEventListener('abort', kill)
    const timer = setTimeout(() => {
      this.late = true
      kill()
    }, playMsMax)
    try {
      const stuck = await this.untilEnded()
      return {
        stage,
        files: systemPorts.files,
        store: await fileStore(boot.store).open(systemPorts.files),
        events: this.events,
        failures: this.failures,
        stuck,
        kills: pointsReached(scenario.killPoints, boot.points),
        tookMs: performance.now() - startedMs,
      }
    } finally {
      clearTimeout(timer)
      given.signal.removeEventListener('abort', kill)
      kill()
    }
  }

  /** Resolves to why there is no end, if there is none. */
  private async untilEnded(): Promise<string | undefined> {
    const { play, stage, boot, given, scenario } = this.parts
    const { ends = 'finished' } = scenario.options
    for (let runs = 0; runs < runsMax; runs += 1) {
      if (runs > 0) await play.between?.(systemPorts.files, stage, boot.store)
      const end = await this.playOnce()
      if (this.late) return `the job did not end within ${playMsMax} ms`
      given.signal.throwIfAborted()
      if (end.kind === 'finished') return undefined
      if (end.kind === 'failed') this.failures.push(end)
      if (end.kind === 'failed' && ends !== 'finished') return undefined
    }
    return `the job did not end in ${runsMax} runs: ${this.failures.at(-1)?.message ?? 'it was killed'}`
  }

  private async playOnce(): Promise<PlayEnd> {
    const first = this.start()
    if (!(await first.stopped())) return first.ended
    // Its place is taken while it stands still, and then it goes on.
    const second = this.start()
    await Promise.race([this.checkpoints(2), second.ended])
    first.continue()
    const end = await first.ended
    if (end.kind === 'failed') this.failures.push(end)
    return second.ended
  }

  private start(): PlayedProcess {
    const started = new PlayedProcess(this.parts.boot, (event) => this.observe(event))
    this.living.add(started)
    return started
  }

  private observe(event: JobEvent): void {
    this.parts.given.report(event)
    if (event.event !== 'job.progress') this.events.push(event)
    if (event.event !== 'checkpoint.completed') return
    this.completed += 1
    this.waiting?.()
  }

  /** Resolves after so many more. */
  private checkpoints(more: number): Promise<void> {
    const target = this.completed + more
    return new Promise((resolve) => {
      this.waiting = () => {
        if (this.completed >= target) resolve()
      }
    })
  }
}
