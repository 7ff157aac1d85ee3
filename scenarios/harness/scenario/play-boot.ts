/** What a played process is told at its start, in an environment variable that its workers inherit. */
export const playVariable = 'MILLRACE_PLAY'

export interface PlayBoot {
  /** URL of the module that exports the scenario. */
  readonly module: string
  readonly scenario: string
  readonly transport: 'memory' | 'nats'
  readonly seed: number
  /** The stage's folder. */
  readonly folder: string
  readonly store: string
  /** Where hits are counted. */
  readonly points: string
}

/** The last line of a run that failed. */
export interface PlayFailed {
  readonly event: 'play.failed'
  readonly code: string
  readonly message: string
}
