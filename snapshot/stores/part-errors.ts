import { PartError } from '../errors.ts'

export const partExists = (name: string): PartError =>
  new PartError(
    'PART_EXISTS',
    `state part ${name} exists already; parts are never overwritten, so it was put twice`,
    { retry: 'retry', details: { name } },
  )

export const partMissing = (name: string, cause?: unknown): PartError =>
  new PartError(
    'PART_MISSING',
    `state part ${name} is missing from the store; restore it from a copy of the store, or consent to an older checkpoint`,
    { cause, details: { name } },
  )

export const partUnreadable = (name: string, found: string, cause?: unknown): PartError =>
  new PartError(
    'PART_DAMAGED',
    `state part ${name} cannot be read: ${found}; restore it from a copy of the store, or consent to an older checkpoint`,
    { cause, details: { name, found } },
  )
