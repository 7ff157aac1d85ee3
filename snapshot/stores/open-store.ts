/** The inverse of `CheckpointStore.address`. */
import type { Files } from '../../core/ports/files.ts'
import { StoreError } from '../errors.ts'
import type { CheckpointStore } from '../store.ts'
import { fileAddressPrefix, openFileStore } from './file-store.ts'

/** Rejects with `STORE_ADDRESS`. */
export function openStore(address: string, files: Files): Promise<CheckpointStore> {
  const root = address.startsWith(fileAddressPrefix) ? address.slice(fileAddressPrefix.length) : ''
  if (root.startsWith('/') && !root.includes('\0')) return Promise.resolve(openFileStore(root, files))
  return Promise.reject(
    new StoreError(
      'STORE_ADDRESS',
      `a store's address must be file:<absolute path>, got ${JSON.stringify(address)}`,
      {
        details: { address },
      },
    ),
  )
}
