/** The job's checkpoint store; without one, memory, or a temporary folder where workers must reach it. */
import { rm } from 'node:fs/promises'
import { makeOwnedFolder } from '../../core/system/owned-folder.ts'
import type { CheckpointStore } from '../../snapshot/store.ts'
import { fileStore } from '../../snapshot/stores/file-store.ts'
import { memoryStore } from '../../snapshot/stores/memory-store.ts'
import type { ResolvedOptions } from '../options.ts'

export interface JobStore {
  readonly store: CheckpointStore
  /** True when a process started later finds the checkpoints again. */
  readonly durable: boolean
  dispose(): Promise<void>
}

export async function openJobStore(options: ResolvedOptions): Promise<JobStore> {
  const { files } = options.ports
  const given = options.checkpoints.store
  if (given) {
    const store = await given.open(files)
    return { store, durable: store.address !== null, dispose: () => store.close() }
  }
  if (options.workers === 0) {
    const store = await memoryStore().open(files)
    return { store, durable: false, dispose: () => store.close() }
  }
  const folder = await makeOwnedFolder('millrace-checkpoints')
  const store = await fileStore(folder).open(files)
  return {
    store,
    durable: false,
    async dispose() {
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
