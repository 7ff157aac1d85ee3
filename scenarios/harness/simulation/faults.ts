/** What goes wrong in one simulated run: plain data, so that a trace can hold and shrink it. */
import type { FailpointName } from '../../../core/ports/failpoints.ts'
import type { Direction, NetworkFaults } from '../../../transport/simulated/memory-channels.ts'
import type { SlowFolder } from './folders.ts'

/** `atMs` and `forMs` are virtual time; `pick` in [0, 1) says which of those that are there. */
export type Fault =
  /** `kill -9` of a worker. */
  | { readonly kind: 'killWorker'; readonly atMs: number; readonly pick: number }
  /** Stopped and continued: past the failure detector's patience, it comes back as a zombie. */
  | { readonly kind: 'stopWorker'; readonly atMs: number; readonly pick: number; readonly forMs: number }
  /** `kill -9` of the parent: its workers die with it; another run of the same flow follows. */
  | { readonly kind: 'killParent'; readonly atMs: number }
  /** The parent, and with it the coordinator, is stopped while another run takes over; then it is continued. */
  | {
      readonly kind: 'stopParent'
      readonly atMs: number
      readonly forMs: number
      /** What happens meanwhile to one of its workers, which go on without it. */
      readonly worker?: 'kill' | 'stop'
    }
  /** The flow is ended and started again, with so many tasks a step on so many workers. */
  | ({ readonly kind: 'rescale'; readonly atMs: number } & RunShape)
  /** The flow is started once more though it runs: the second takes over from a first that is well and busy. */
  | { readonly kind: 'startAgain'; readonly atMs: number }
  /** Everything stops; what was not synced may be lost. */
  | { readonly kind: 'powerLoss'; readonly atMs: number }
  /** At the n-th hit of a protocol moment. */
  | {
      readonly kind: 'failpoint'
      readonly name: FailpointName
      readonly hit: number
      readonly action: 'throw' | 'killWorker' | 'killParent' | 'stopWorker' | 'stopParent' | 'losePower'
      /** Only hits in tasks that begin with one of these steps count. Default: all. */
      readonly steps?: readonly string[]
      /** How long a stop lasts. Default 1,000. */
      readonly forMs?: number
    }
  | {
      readonly kind: 'network'
      readonly atMs: number
      readonly forMs: number
      readonly faults: NetworkFaults
    }
  /** One worker, or the parent, cut off from everything; it is told so. */
  | { readonly kind: 'partition'; readonly atMs: number; readonly forMs: number; readonly pick: number }
  /** What one worker, or the parent, says or hears is lost, and nobody is told. */
  | {
      readonly kind: 'oneWay'
      readonly atMs: number
      readonly forMs: number
      readonly pick: number
      readonly direction: Direction
    }
  /** The server is gone for a while, and all that is on its way with it. */
  | { readonly kind: 'natsRestart'; readonly atMs: number; readonly forMs: number }
  /** File operations fail at this rate: full (`ENOSPC` for writes) or broken (`EIO`). */
  | {
      readonly kind: 'disk'
      readonly atMs: number
      readonly forMs: number
      /** Then the power fails. */
      readonly endsDark?: true
      readonly code: 'ENOSPC' | 'EIO'
      readonly rate: number
    }
  /** File operations that begin then take up to `operationMsMax`. */
  | {
      readonly kind: 'slowDisk'
      readonly atMs: number
      readonly forMs: number
      readonly endsDark?: true
      readonly operationMsMax: number
      readonly where: SlowFolder
    }
  /** Reads of the checkpoint store and of staged output see a flipped bit at this rate. */
  | { readonly kind: 'bitFlip'; readonly atMs: number; readonly forMs: number; readonly rate: number }
  /** A bit of one file of the store flips for good: the job may end in a refusal, never in a wrong row. */
  | { readonly kind: 'bitRot'; readonly atMs: number; readonly pick: number; readonly bit: number }
  /** The wall clock of all hosts is set. */
  | { readonly kind: 'clockJump'; readonly atMs: number; readonly byMs: number }
  /** The n-th call of user code throws: a task crash. Only steps whose `onError` is `fail`, sources and sinks. */
  | { readonly kind: 'throwingCode'; readonly call: number; readonly when: 'before' | 'after' }
  /** The n-th call of user code blocks its process: for `forMs` nothing else happens there. */
  | { readonly kind: 'slowCode'; readonly call: number; readonly forMs: number }

export interface RunShape {
  readonly parallelism: number
  readonly workers: number
}

export type FaultKind = Fault['kind']

/** Faults that happen at a moment of virtual time. */
export type TimedFault = Extract<Fault, { readonly atMs: number }>

/** Ends of what lasts, ms; 0 for what does not. */
export const endMs = (fault: Fault): number => ('atMs' in fault ? fault.atMs + lengthMs(fault) : 0)

const lengthMs = (fault: Fault): number => {
  if (fault.kind === 'slowDisk') return fault.forMs + fault.operationMsMax
  return 'forMs' in fault ? (fault.forMs ?? 0) : 0
}
