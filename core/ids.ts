/**
 * Identities. Names that people choose become file names, subjects and metric labels, so they are
 * checked against one allow-list where they enter; inside, brands keep them apart.
 */
import { ConfigError } from './errors.ts'
import { limits } from './limits.ts'
import { show } from './show.ts'

declare const brand: unique symbol
type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** A flow's name: with the store it identifies the job. */
export type FlowName = Brand<string, 'FlowName'>
/** A step's name: actor id, subject token, metric label and state key in one. */
export type StepName = Brand<string, 'StepName'>
/** A step's side output: beside its main output and those that the engine knows. */
export type SideName = Brand<string, 'SideName'>
/** `w0`, `w1` …: a process that hosts tasks. */
export type WorkerId = Brand<string, 'WorkerId'>
/** `chain-head[index]`: one parallel instance of a chain of steps. */
export type TaskId = Brand<string, 'TaskId'>
/** Index of a link in the physical plan; the same in every process of one deployment. */
export type LinkId = Brand<number, 'LinkId'>
/** Whole number ≥ 1, rising for ever within a job (E6). */
export type CheckpointId = Brand<number, 'CheckpointId'>
/** Whole number ≥ 1: the durable number of a coordinator's reign (E1). */
export type Term = Brand<number, 'Term'>

/** One deployment of a task: the reign that ordered it and the attempt within the reign. */
export interface Epoch {
  readonly term: Term
  readonly attempt: number
}

const namePattern = /^[A-Za-z][A-Za-z0-9_-]*$/

function checkName(kind: string, name: unknown): string {
  if (typeof name !== 'string' || !namePattern.test(name) || name.length > limits.nameLengthMax) {
    throw new ConfigError(
      'NAME_ILLEGAL',
      `${kind} must be 1 to ${limits.nameLengthMax} characters of A-Z a-z 0-9 _ - and begin with a letter, got ${show(name)}`,
      { kind, name: String(name) },
    )
  }
  return name
}

export const flowName = (name: unknown): FlowName => checkName('a flow name', name) as FlowName
export const stepName = (name: unknown): StepName => checkName('a step name', name) as StepName
export const sideName = (name: unknown): SideName => checkName('the name of a side output', name) as SideName
export const workerId = (name: unknown): WorkerId => checkName('a worker id', name) as WorkerId

export const taskId = (head: StepName, index: number): TaskId => `${head}[${index}]` as TaskId

function wholeNumber(kind: string, value: number, min: number): number {
  if (!Number.isSafeInteger(value) || value < min) {
    throw new ConfigError('ID_ILLEGAL', `${kind} must be a whole number ≥ ${min}, got ${value}`)
  }
  return value
}

export const linkId = (index: number): LinkId => wholeNumber('a link id', index, 0) as LinkId
export const checkpointId = (id: number): CheckpointId =>
  wholeNumber('a checkpoint id', id, 1) as CheckpointId
export const termNumber = (term: number): Term => wholeNumber('a term', term, 1) as Term

export const sameEpoch = (a: Epoch, b: Epoch): boolean => a.term === b.term && a.attempt === b.attempt

/** < 0: `a` is older than `b`. */
export const compareEpochs = (a: Epoch, b: Epoch): number => a.term - b.term || a.attempt - b.attempt

/** `3.1`: in file names, subjects and messages. */
export const epochLabel = (epoch: Epoch): string => `${epoch.term}.${epoch.attempt}`
