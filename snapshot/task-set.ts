/** Which tasks of a deployment have answered. Immutable; a copy costs one byte a task. */
export interface TaskSet {
  readonly answered: Uint8Array
  readonly missing: number
}

export const noTasks = (tasks: number): TaskSet => ({ answered: new Uint8Array(tasks), missing: tasks })

/** The same set when the task is in it. */
export function withTask(set: TaskSet, index: number): TaskSet {
  if (set.answered[index] === 1) return set
  const answered = set.answered.slice()
  answered[index] = 1
  return { answered, missing: set.missing - 1 }
}

export const missingOf = <T>(set: TaskSet, tasks: readonly T[]): T[] =>
  tasks.filter((_, index) => set.answered[index] === 0)
