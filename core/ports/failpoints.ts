import { isTyped } from '../errors.ts'

/** Named protocol moments at which a test or scenario may crash, throw or stall (FAULTS catalogue). */
export const failpointNames = [
  'source.before-barrier',
  'task.barrier-partly-sent',
  'task.mid-alignment',
  'task.captured',
  'task.overtaken',
  'task.mid-upload',
  'task.uploaded',
  'task.restoring',
  'coordinator.all-acknowledged',
  'coordinator.manifest-written',
  'coordinator.told-some',
  'sink.before-commit',
  'sink.mid-commit',
  'sink.committed',
  'coordinator.before-finished',
] as const

export type FailpointName = (typeof failpointNames)[number]

export interface FailpointPlace {
  readonly worker?: string
  readonly task?: string
  readonly checkpoint?: number
}

/** `hit` returns at once, throws to crash what called it, or stalls. The default does nothing. */
export interface Failpoints {
  hit(name: FailpointName, place: FailpointPlace): void
}

/** What a failpoint throws to crash what called it: nobody on the way may handle it or try again. */
export const isCrash = (error: unknown): boolean => isTyped(error) && error.code === 'CRASH'

export const noFailpoints: Failpoints = { hit: () => undefined }
