import { expect, it } from 'vitest'
import { loadParquetLibrary } from './library.ts'

it('says what to install when hyparquet is missing', async () => {
  const missing = Object.assign(new Error("Cannot find package 'hyparquet'"), {
    code: 'ERR_MODULE_NOT_FOUND',
  })
  await expect(loadParquetLibrary(() => Promise.reject(missing))).rejects.toMatchObject({
    code: 'DEPENDENCY_MISSING',
    retry: 'fatal',
    cause: missing,
    message: expect.stringContaining('npm install hyparquet hyparquet-compressors'),
  })
})
