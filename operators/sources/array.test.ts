import { describe, expect, it } from 'vitest'
import { simulatedFiles } from '../../core/simulated/files.ts'
import { fromArray } from './array.ts'
import { readFrom } from './testing/reading.ts'

const files = simulatedFiles()
const recordsOf = async (
  source: ReturnType<typeof fromArray>,
  position: unknown = null,
): Promise<unknown[]> => (await readFrom(source, files, 0, position)).map(({ record }) => record)

describe('fromArray', () => {
  const values = Array.from({ length: 600 }, (_, i) => ({ i, name: `n${i}` }))

  it('S1: reading on from any position gives what follows it', async () => {
    const source = fromArray(values)
    const all = await readFrom(source, files)
    expect(all.map(({ record }) => record)).toEqual(values)
    for (const i of [0, 1, 254, 255, 256, 511, 512, 598, 599]) {
      expect(await recordsOf(source, all[i]?.position)).toEqual(values.slice(i + 1))
    }
  })

  it('keeps bytes: changed records and a changed array do not show', async () => {
    const own = [{ n: 1 }, { n: 2 }]
    const source = fromArray(own)
    own.push({ n: 3 })
    own[0] = { n: 99 }
    const [first] = (await recordsOf(source)) as { n: number }[]
    expect(first).toEqual({ n: 1 })
    if (first) first.n = 42
    expect(await recordsOf(source)).toEqual([{ n: 1 }, { n: 2 }])
  })

  it('is empty for an empty array', async () => {
    expect(await recordsOf(fromArray([]))).toEqual([])
  })

  it('names the value that is not plain data', () => {
    const mixed = [...values.slice(0, 300), { f: () => 1 }]
    expect(() => fromArray(mixed)).toThrow(
      expect.objectContaining({
        code: 'VALUE_UNSUPPORTED',
        details: expect.objectContaining({ index: 300 }),
      }),
    )
  })

  it('refuses a position beyond the array, or none of its own', async () => {
    await expect(recordsOf(fromArray([1]), 2)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
    await expect(recordsOf(fromArray([1]), 'x')).rejects.toMatchObject({ code: 'POSITION_ILLEGAL' })
  })
})
