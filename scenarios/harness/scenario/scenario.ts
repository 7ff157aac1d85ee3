/**
 * `scenario(name, options, fn)`: a fault, what is promised in spite of it, and a flow that shows it. One description is
 * played simulated, in one process, or over worker processes and NATS.
 */
import type { RunOptions } from '../../../actors/options.ts'
import { ConfigError } from '../../../core/errors.ts'
import type { Files } from '../../../core/ports/files.ts'
import type { Flow } from '../../../operators/flow.ts'
import type { CheckpointStore } from '../../../snapshot/store.ts'
import type { JobEvent } from '../../../index.ts'
import type { Fault } from '../simulation/faults.ts'
import type { ScenarioFinished, Transport } from '../verdict.ts'
import type { ScenarioEvent } from './events.ts'
import type { KillPoint } from './kill-point.ts'
import { playOverProcesses } from './play-over-processes.ts'
import { playSimulated } from './play-simulated.ts'

/** What a scenario is to whoever lists and runs it. */
export interface Scenario {
  readonly name: string
  readonly group: string
  /** What is promised, in a sentence. */
  readonly promise: string
  /** Numbers of the fault catalogue (docs/guarantees.md). */
  readonly faults: readonly number[]
  /** Where it can be played; the first one is the default. */
  readonly transports: readonly [Transport, ...Transport[]]
  /** Resolves with the verdict, also a bad one; rejects where none can be had. */
  run(options: ScenarioRun): Promise<ScenarioFinished>
}

export interface ScenarioRun {
  readonly seed: number
  readonly transport: Transport
  /** Faults to inject, where the scenario's number can be chosen; its own when undefined. */
  readonly kills: number | undefined
  /** How often it is simulated; the scenario's own number when undefined. */
  readonly schedules?: number | undefined
  readonly report: (event: ScenarioEvent) => void
  /** Ends the run early; it then rejects with the signal's reason. */
  readonly signal: AbortSignal
}

export interface ScenarioOptions {
  readonly promise: string
  /** Default `own`. */
  readonly group?: string
  /** Numbers of the fault catalogue. Default: none. */
  readonly faults?: readonly number[]
  /** Default: simulated, then memory and nats when `module` is given. */
  readonly transports?: readonly [Transport, ...Transport[]]
  /** `import.meta.url` of the module that exports the scenario: processes load it. */
  readonly module?: string
  readonly kill?: KillPoint | readonly KillPoint[]
  /** What goes wrong beside the kills when it is simulated, at moments of virtual time. */
  readonly simulated?: readonly Fault[]
  /** How often it is simulated, each time with the next seed. Default 2. */
  readonly schedules?: number
  readonly run?: PlayedRun
  /** How the job must end: `finished` (default), or with this error code. */
  readonly ends?: 'finished' | { readonly failsWith: string }
}

export type PlayedRun = Pick<
  RunOptions,
  'parallelism' | 'workers' | 'checkpoints' | 'restart' | 'fuse' | 'keyGroups' | 'debug'
>

/** Where a scenario is played. */
export interface Stage {
  readonly transport: Transport
  readonly seed: number
  /** Output goes below it, and nowhere else. */
  readonly folder: string
  /** Lets real time pass, so that a small input meets several checkpoints; virtual time passes by itself. */
  breathe(): Promise<void>
}

/** What is played: built anew, and equally, in every process. */
export interface Play {
  readonly flow: Flow
  /** Records of the input. */
  readonly records: number
  /** The rows of each folder below the stage's, as they must be visible at the end. */
  readonly expect: Readonly<Record<string, readonly unknown[]>>
  /** Further checks at the end; each text is something wrong. */
  check?(played: Played): Promise<readonly string[]> | readonly string[]
  /** While nothing runs, before the flow is started again. */
  between?(files: Files, stage: Stage, storeFolder: string): Promise<void>
}

/** What was seen. */
export interface Played {
  readonly stage: Stage
  readonly files: Files
  readonly store: CheckpointStore
  readonly events: readonly JobEvent[]
  /** What runs failed with, oldest first. */
  readonly failures: readonly { readonly code: string; readonly message: string }[]
  /** Absent when the job came to an end. */
  readonly stuck: string | undefined
  /** Kill points that were reached. */
  readonly kills: number
  readonly tookMs: number
}

/** A scenario that is played by what it declares. */
export interface DeclaredScenario extends Scenario {
  readonly options: ScenarioOptions
  readonly killPoints: readonly KillPoint[]
  play(stage: Stage): Play
}

/**
 * Declares a scenario. `fn` builds the flow and says what must come of it. Throws ConfigError `SCENARIO_OPTIONS` for a
 * description that cannot be played.
 */
export function scenario(
  name: string,
  options: ScenarioOptions,
  fn: (stage: Stage) => Play,
): DeclaredScenario {
  const { promise, group = 'own', faults = [], kill = [], module } = options
  const transports = options.transports ?? (module === undefined ? simulatedOnly : everywhere)
  if (module === undefined && transports.some((transport) => transport !== 'simulated')) {
    throw illegal(
      name,
      "processes load it from a module: give module: import.meta.url, or transports: ['simulated']",
    )
  }
  const declared: DeclaredScenario = {
    name,
    group,
    promise,
    faults,
    transports,
    options,
    killPoints: [kill].flat(),
    play: fn,
    run: (given) => {
      if (!transports.includes(given.transport)) {
        throw illegal(name, `it can be played ${transports.join(', ')}, not ${given.transport}`)
      }
      return given.transport === 'simulated'
        ? playSimulated(declared, given)
        : playOverProcesses(declared, given)
    },
  }
  return declared
}

export const isDeclared = (value: unknown): value is DeclaredScenario =>
  typeof value === 'object' && value !== null && 'killPoints' in value && 'play' in value

const simulatedOnly = ['simulated'] as const
const everywhere = ['simulated', 'memory', 'nats'] as const

const illegal = (name: string, what: string): ConfigError =>
  new ConfigError('SCENARIO_OPTIONS', `scenario '${name}': ${what}`)
