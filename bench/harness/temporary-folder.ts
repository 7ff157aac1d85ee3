import { temporaryFolder } from '../../scenarios/harness/temporary-folder.ts'

/** A folder that is there while `use` runs; what writes there must be over when it ends. */
export async function withTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await temporaryFolder('bench')
  try {
    return await use(folder.path)
  } finally {
    await folder.remove()
  }
}
