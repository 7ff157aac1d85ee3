/** Exit codes: 0 only after `job.finished` or a passed scenario. */
export const exitCodes = {
  ok: 0,
  /** The job or scenario failed. */
  failed: 1,
  /** The command was wrong: unknown options, illegal values, a file that is not there. */
  usage: 2,
  /** 128 + the signal's number, as shells have it. */
  interrupted: { SIGINT: 130, SIGTERM: 143 },
} as const
