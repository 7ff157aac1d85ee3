/** Runs one query in a process of its own, so that none warms up, or burdens, another. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { StateGrowth } from './state-growth.ts'
import { setupToEnvironment, type JobSetup } from './job-setup.ts'

export interface JobOutcome {
  readonly ms: number
  /** CPU time of the job's process, the threads of collector and compiler included; not of its workers. */
  readonly cpuMs: number
  readonly restarts: number
  readonly checkpoints: number
  /** Kills that hit a living worker. */
  readonly kills: number
  /** Largest resident size of the job's process, MB. */
  readonly memoryMb: number
  readonly state?: StateGrowth | undefined
}

export type JobAnswer = { readonly outcome: JobOutcome } | { readonly error: string }

/** Rejects with what the job failed with. */
export function runJob(setup: JobSetup): Promise<JobOutcome> {
  const child = fork(fileURLToPath(new URL('../run-job.js', import.meta.url)), [], {
    env: { ...process.env, ...setupToEnvironment(setup), MILLRACE_JSON: '1' },
  })
  let answer: JobAnswer | undefined
  child.on('message', (message) => (answer = message as JobAnswer))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (answer && 'outcome' in answer) resolve(answer.outcome)
      else reject(new Error(`${setup.query}: ${answer?.error ?? `its process ended with ${signal ?? code}`}`))
    })
  })
}
