/** hyparquet, loaded when a Parquet file is first read: most flows need neither it nor its decompressors. */
import type * as Hyparquet from 'hyparquet'
import type { compressors as Decompressors } from 'hyparquet-compressors'
import { systemCode } from '../../../core/errors.ts'
import { SourceError } from '../errors.ts'

export interface ParquetLibrary {
  readonly hyparquet: typeof Hyparquet
  readonly compressors: typeof Decompressors
}

const importHyparquet = (): Promise<typeof Hyparquet> => import('hyparquet')

export async function loadParquetLibrary(load = importHyparquet): Promise<ParquetLibrary> {
  const hyparquet = await load().catch(missing)
  const { compressors } = await import('hyparquet-compressors').catch(missing)
  return { hyparquet, compressors }
}

function missing(cause: unknown): never {
  if (systemCode(cause) !== 'ERR_MODULE_NOT_FOUND') throw cause
  throw new SourceError(
    'DEPENDENCY_MISSING',
    'fromParquet needs two packages that are not installed; run: npm install hyparquet hyparquet-compressors',
    { retry: 'fatal', cause },
  )
}
