/** What every store promises, whatever it is made of. */
import { describe, expect, it } from 'vitest'
import { termNumber } from '../../core/ids.ts'
import { simulatedFiles } from '../../core/simulated/files.ts'
import type { CheckpointStore } from '../store.ts'
import { fileStore } from './file-store.ts'
import { memoryStore } from './memory-store.ts'
import { openStore } from './open-store.ts'

const [first, second] = [termNumber(1), termNumber(2)]
const name = '1.0.1.by-page.0.0'
const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values)

const stores: [string, () => Promise<CheckpointStore>][] = [
  ['memory', () => memoryStore().open(simulatedFiles())],
  ['file', () => fileStore('/store').open(simulatedFiles())],
]

describe.each(stores)('%s store', (_, open) => {
  it('an unused store is empty', async () => {
    const store = await open()
    expect(await store.log.terms()).toEqual([])
    expect(await store.log.slots(first)).toEqual([])
    expect(await store.log.read(first, 0)).toBeNull()
    expect(await store.parts.list()).toEqual([])
    await store.sweep([first])
    await store.close()
  })

  it('E2: a slot is created once', async () => {
    const { log } = await open()
    expect(await log.create(first, 0, bytes(1))).toBe('created')
    expect(await log.create(first, 0, bytes(2))).toBe('taken')
    expect(await log.read(first, 0)).toEqual(bytes(1))
  })

  it('E2: of many that create one slot at once, one wins', async () => {
    const { log } = await open()
    const outcomes = await Promise.all([1, 2, 3, 4].map((n) => log.create(first, 0, bytes(n))))
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1)
    expect(await log.read(first, 0)).toEqual(bytes(outcomes.indexOf('created') + 1))
  })

  it('lists terms and slots as numbers, ascending', async () => {
    const { log } = await open()
    for (const term of [10, 9, 1]) await log.create(termNumber(term), 0, bytes(1))
    for (const slot of [10, 2, 1]) await log.create(first, slot, bytes(1))
    expect(await log.terms()).toEqual([1, 9, 10])
    expect(await log.slots(first)).toEqual([0, 1, 2, 10])
    expect(await log.slots(second)).toEqual([])
  })

  it('removes a slot; absent is fine', async () => {
    const { log } = await open()
    await log.create(first, 1, bytes(1))
    await log.remove(first, 1)
    await log.remove(first, 1)
    await log.remove(second, 1)
    expect(await log.slots(first)).toEqual([])
    expect(await log.read(first, 1)).toBeNull()
  })

  it('E6: a part is never overwritten', async () => {
    const { parts } = await open()
    await parts.put(name, [bytes(1), bytes(), bytes(2, 3)])
    await expect(parts.put(name, [bytes(9)])).rejects.toMatchObject({ code: 'PART_EXISTS' })
    expect(await parts.get(name)).toEqual(bytes(1, 2, 3))
    expect(await parts.list()).toEqual([name])
  })

  it('a missing part is refused by name; removing it again is fine', async () => {
    const { parts } = await open()
    await parts.put(name, [bytes(1)])
    await parts.remove(name)
    await parts.remove(name)
    await expect(parts.get(name)).rejects.toMatchObject({ code: 'PART_MISSING', details: { name } })
    expect(await parts.list()).toEqual([])
  })

  it('keeps bytes, not references', async () => {
    const { log, parts } = await open()
    const mine = bytes(1, 2, 3)
    await log.create(first, 0, mine)
    await parts.put(name, [mine])
    mine.fill(0)
    ;(await log.read(first, 0))?.fill(7)
    ;(await parts.get(name)).fill(7)
    expect(await log.read(first, 0)).toEqual(bytes(1, 2, 3))
    expect(await parts.get(name)).toEqual(bytes(1, 2, 3))
  })

  it.each(['../x', '/etc/passwd', 'a/b', '.tmp-x-0', '', 'x\0', '..%2fx'])(
    '§9: %j is no name of a part',
    async (bad) => {
      const { parts } = await open()
      await expect(parts.put(bad, [bytes(1)])).rejects.toMatchObject({ code: 'PART_NAME' })
      await expect(parts.get(bad)).rejects.toMatchObject({ code: 'PART_NAME' })
      await expect(parts.remove(bad)).rejects.toMatchObject({ code: 'PART_NAME' })
    },
  )
})

describe('store definitions', () => {
  it('a memory store lives as long as its definition', async () => {
    const definition = memoryStore()
    const files = simulatedFiles()
    await (await definition.open(files)).parts.put(name, [bytes(1)])
    expect(await (await definition.open(files)).parts.list()).toEqual([name])
    expect(await (await memoryStore().open(files)).parts.list()).toEqual([])
    expect((await definition.open(files)).address).toBeNull()
  })

  it('a file store is reached by its address', async () => {
    const files = simulatedFiles()
    const store = await fileStore('/data/store').open(files)
    await store.parts.put(name, [bytes(1)])
    expect(store.address).toBe('file:/data/store')
    expect(await (await openStore('file:/data/store', files)).parts.list()).toEqual([name])
  })

  it('opening a file store touches nothing', async () => {
    const files = simulatedFiles()
    const store = await fileStore('/store').open(files)
    await store.log.terms()
    expect(await files.list('/')).toEqual([])
  })

  it.each(['', 'nats://host', 'file:', 'file:relative', 'file:/a\0b'])(
    '§9: %j is no address',
    async (address) => {
      await expect(openStore(address, simulatedFiles())).rejects.toMatchObject({ code: 'STORE_ADDRESS' })
    },
  )

  it.each(['', 'a\0b'])('§9: %j is no folder', (folder) => {
    expect(() => fileStore(folder)).toThrow(/needs the path of a folder/)
  })
})
