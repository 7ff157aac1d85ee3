/** One mutant's trial: course after course in turn, until the simulation notices or the seeds are used up. */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Mutant } from './mutant.ts'
import type { TrialResult, TrialTask } from './trial.ts'

export interface Verdict {
  readonly mutant: Mutant
  /** Schedules run, also on courses that noticed nothing. */
  readonly schedules: number
  /** Absent for a survivor. */
  readonly caught?: { readonly course: string; readonly what: string }
}

export interface TrialOptions {
  /** What each course must show at its end, by an engine that is whole. */
  readonly expected: ReadonlyMap<string, readonly string[]>
  /** Schedules in all, shared by the courses. */
  readonly schedulesMax: number
}

/** Schedules of one course at a time. */
const turnSeeds = 10
/** A turn that takes longer goes round in a circle; one takes seconds. */
const turnMsMax = 120_000

export async function judge(mutant: Mutant, { expected, schedulesMax }: TrialOptions): Promise<Verdict> {
  const child = await startChild(mutant)
  let schedules = 0
  try {
    for (const { course, ...seeds } of turns([...expected.keys()], schedulesMax)) {
      const result = await take(child, { course, ...seeds, expect: expected.get(course) ?? [] })
      schedules += result.schedules
      if (result.what !== undefined) return { mutant, schedules, caught: { course, what: result.what } }
    }
    return { mutant, schedules }
  } finally {
    child.kill('SIGKILL')
  }
}

/** Seeds go on from course to course: the same seed draws the same faults, whatever the flow. */
export function* turns(
  courses: readonly string[],
  schedulesMax: number,
): Iterable<Pick<TrialTask, 'course' | 'from' | 'seeds'>> {
  for (let turn = 0, done = 0; done < schedulesMax; turn += 1, done += turnSeeds) {
    const course = courses[turn % courses.length]
    if (course === undefined) return
    yield { course, from: 1 + done, seeds: Math.min(turnSeeds, schedulesMax - done) }
  }
}

/** Rejects when the mutated engine cannot be loaded. */
async function startChild(mutant: Mutant): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('./trial.js', import.meta.url)), {
    env: { ...process.env, MUTANT_EDITS: JSON.stringify(mutant.edits) },
    execArgv: ['--import', new URL('./register.js', import.meta.url).href],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let said = ''
  const listen = (bytes: Buffer): void => void (said += bytes.toString())
  child.stderr?.on('data', listen)
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('exit', () => reject(new Error(`mutant ${mutant.id} cannot be loaded: ${lastError(said)}`)))
  })
  child.removeAllListeners('exit')
  child.stderr?.off('data', listen)
  return child
}

/** A turn's result; an engine that throws past everything, or never comes back, was noticed too. */
function take(
  child: ChildProcess,
  task: TrialTask,
): Promise<{ schedules: number; what: string | undefined }> {
  return new Promise((resolve) => {
    let said = ''
    const end = (schedules: number, what: string | undefined): void => {
      clearTimeout(timer)
      child.removeAllListeners('message').removeAllListeners('exit')
      child.stderr?.removeAllListeners('data')
      resolve({ schedules, what })
    }
    const timer = setTimeout(() => end(task.seeds, 'it never comes back'), turnMsMax)
    child.stderr?.on('data', (bytes: Buffer) => (said = `${said}${bytes.toString()}`.slice(-20_000)))
    child.once('exit', () => end(task.seeds, `the process ends: ${lastError(said)}`))
    child.once('message', (message) => {
      const { schedules, violation } = message as TrialResult
      end(schedules, violation && `seed ${violation.seed}: ${violation.what}`)
    })
    child.send(task)
  })
}

const lastError = (said: string): string => /^\w*Error.*$/m.exec(said)?.[0] ?? said.trim().slice(-200)
