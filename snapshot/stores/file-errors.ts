/** What the system says about a store's folder, as errors that say what to do. */
import { systemCode } from '../../core/errors.ts'
import { StoreError } from '../errors.ts'

/** `notCreated`: the failed step comes before the one that would have created anything (E4). */
export function storeError(cause: unknown, folder: string, notCreated: boolean): StoreError {
  const code = systemCode(cause)
  const extras = { cause, notCreated, details: { folder, code } }
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'EEXIST':
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return new StoreError(
        'STORE_UNWRITABLE',
        `the checkpoint store must be a folder that this user can read and write: ${folder} is not (${code}); give the right to it, or choose another folder`,
        extras,
      )
    case 'ENOSPC':
    case 'EDQUOT':
      return new StoreError(
        'STORE_FULL',
        `no space left for checkpoints in ${folder} (${code}); free some, or keep fewer checkpoints`,
        { ...extras, retry: 'retry' },
      )
    case 'EMFILE':
    case 'ENFILE':
      return new StoreError(
        'STORE_FAILED',
        `no file descriptor left for the checkpoint store in ${folder} (${code}); raise the limit (ulimit -n)`,
        { ...extras, retry: 'retry' },
      )
    default: {
      const message = cause instanceof Error ? cause.message : String(cause)
      return new StoreError('STORE_FAILED', `the checkpoint store in ${folder} failed: ${message}`, {
        ...extras,
        retry: 'retry',
      })
    }
  }
}

const linkRefusals = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EXDEV'])
/** The system looked at the name and refused it; anything else leaves the outcome open. */
const certainRefusals = new Set(['EACCES', 'EROFS', 'ENOSPC', 'EDQUOT', 'EMLINK', 'ENOENT'])

/** A `link` that failed for another reason than `EEXIST`. */
export function linkError(cause: unknown, folder: string): StoreError {
  const code = systemCode(cause)
  if (!linkRefusals.has(code)) return storeError(cause, folder, certainRefusals.has(code))
  return new StoreError(
    'STORE_NO_HARD_LINKS',
    `the checkpoint store needs a file system with hard links, and the one of ${folder} refused one (${code}); choose a folder on a local disk, or a NATS store`,
    { cause, notCreated: true, details: { folder, code } },
  )
}
