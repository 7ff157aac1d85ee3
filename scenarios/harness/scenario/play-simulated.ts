/** Plays a scenario in virtual time, several times, each with its own seed. */
import { isTyped } from '../../../core/errors.ts'
import type { RunOptions } from '../../../actors/options.ts'
import { fileStore } from '../../../snapshot/stores/file-store.ts'
import { CheckedRun } from '../simulation/checked-run.ts'
import { storeFolder } from '../simulation/folders.ts'
import { runSchedule, type ScheduleResult } from '../simulation/schedule.ts'
import type { ScenarioFinished } from '../verdict.ts'
import { faultOf } from './kill-point.ts'
import type { DeclaredScenario, Play, Played, ScenarioRun, Stage } from './scenario.ts'
import { judgePlay } from './judge.ts'
import { VerdictBuilder } from './verdict-builder.ts'

const schedulesDefault = 2
/** Virtual ms from the last fault to the end of the job. */
const livenessMs = 60_000

const runDefaults: RunOptions = {
  workers: 2,
  parallelism: 2,
  restart: { restartsMax: 1000, delayMsMax: 100, withinMs: 1_000_000 },
}

export async function playSimulated(
  scenario: DeclaredScenario,
  given: ScenarioRun,
): Promise<ScenarioFinished> {
  const { seed, report, signal } = given
  const verdict = new VerdictBuilder({ scenario, seed, transport: 'simulated', report })
  const schedules = given.schedules ?? scenario.options.schedules ?? schedulesDefault
  for (let index = 0; index < schedules; index += 1) {
    signal.throwIfAborted()
    const stage: Stage = {
      transport: 'simulated',
      seed: seed + index,
      folder: '/stage',
      breathe: () => Promise.resolve(),
    }
    const play = scenario.play(stage)
    const checked = new CheckedRun()
    const played = await playOnce(scenario, play, stage, checked)
    const judgement = await judgePlay(scenario, play, played)
    const violations = [...judgement.violations, ...checked.check()]
    verdict.add(play, played, { ...judgement, violations })
  }
  return verdict.finish()
}

async function playOnce(
  scenario: DeclaredScenario,
  play: Play,
  stage: Stage,
  observer: CheckedRun,
): Promise<Played> {
  const { simulated = [], ends = 'finished', run } = scenario.options
  const faults = [...scenario.killPoints.map((point) => faultOf(play.flow, point)), ...simulated]
  const result = await runSchedule(play.flow, {
    seed: stage.seed,
    faults,
    run: {
      ...runDefaults,
      ...run,
      // Every checkpoint is looked at in the end.
      checkpoints: { everyMs: 4, failuresMax: 1000, timeoutMs: 2_000, keep: 10_000, ...run?.checkpoints },
    },
    livenessMs,
    observer,
    failureEnds: ends !== 'finished',
    ...(play.between && { betweenRuns: async (disk) => play.between?.(disk, stage, storeFolder) }),
  })
  return playedOf(result, stage)
}

async function playedOf(result: ScheduleResult, stage: Stage): Promise<Played> {
  const { world, stuck, failures } = result
  const injected = [...world.counts].filter(([name]) => name.startsWith('fault '))
  return {
    stage,
    files: world.disk,
    store: await fileStore(storeFolder).open(world.disk),
    events: world.events,
    failures: failures.map((error) => ({
      code: isTyped(error) ? error.code : error.name,
      message: error.message,
    })),
    stuck,
    kills: injected.reduce((sum, [, count]) => sum + count, 0),
    tookMs: world.time.monotonicMs(),
  }
}
