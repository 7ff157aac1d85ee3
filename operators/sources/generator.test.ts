import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { silentLog } from '../../core/log.ts'
import { simulatedFiles } from '../../core/simulated/files.ts'
import type { SourceDefinition } from '../source.ts'
import { fromGenerator } from './generator.ts'
import { readAll, readFrom } from './testing/reading.ts'

const files = simulatedFiles()
const context = { step: 's', files, log: silentLog }

describe('fromGenerator by index', () => {
  it('gives every index to one split, and reads on from any position', async () => {
    const shapes = fc.record({
      count: fc.nat(3000),
      splits: fc.integer({ min: 1, max: 7 }),
      share: fc.constantFrom('contiguous' as const, 'interleaved' as const),
    })
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat(), async (shape, at) => {
        const source = fromGenerator({ ...shape, at: (i) => i * 2 })
        const all = (await readAll(source, files)) as number[]
        expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: shape.count }, (_, i) => i * 2))
        const split = await readFrom(source, files, at % shape.splits)
        if (split.length === 0) return
        const i = at % split.length
        expect(await readFrom(source, files, at % shape.splits, split[i]?.position)).toEqual(
          split.slice(i + 1),
        )
      }),
      { numRuns: 50 },
    )
  })

  it('may be endless', async () => {
    const source = fromGenerator({ count: Infinity, splits: 2, share: 'interleaved', at: (i) => i })
    const reader = await source.open('1', null, context)
    expect((await reader.read())?.records.slice(0, 3)).toEqual([1, 3, 5])
    expect(() => fromGenerator({ count: Infinity, splits: 2, at: (i) => i })).toThrow(/no contiguous shares/)
  })

  it('delivers what came before a throw, then the throw', async () => {
    const at = (i: number): number => {
      if (i === 3) throw new Error('three')
      return i
    }
    const reader = await fromGenerator({ count: 10, at }).open('0', null, context)
    expect((await reader.read())?.records).toEqual([0, 1, 2])
    expect(() => reader.read()).toThrow(/threw at index 3: Error: three/)
  })

  it('refuses another count or number of splits', async () => {
    const [first] = await readFrom(fromGenerator({ count: 10, splits: 2, at: (i) => i }), files, 1)
    const other = fromGenerator({ count: 20, splits: 2, at: (i) => i })
    await expect(readFrom(other, files, 1, first?.position)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
    await expect(other.open('2', null, context)).rejects.toMatchObject({ code: 'SPLIT_UNKNOWN' })
    expect(() => fromGenerator({ count: -1, at: (i) => i })).toThrow(/count must be/)
    expect(() => fromGenerator({ count: 1, splits: 0, at: (i) => i })).toThrow(/splits must be/)
  })
})

describe('fromGenerator by iteration', () => {
  const counting = {
    *open(position: number | null) {
      for (let n = position ?? 0; n < 2500; n += 1) yield { value: `line ${n}`, position: n + 1 }
    },
  }
  const countingLater = {
    async *open(position: number | null) {
      for (let n = position ?? 0; n < 2500; n += 1) {
        if (n % 700 === 0) await new Promise((resolve) => setImmediate(resolve))
        yield { value: `line ${n}`, position: n + 1 }
      }
    },
  }

  it('infers the record type', () => {
    expectTypeOf(fromGenerator(counting)).toEqualTypeOf<SourceDefinition<string>>()
    expectTypeOf(fromGenerator({ count: 1, at: (i) => ({ i }) })).toEqualTypeOf<
      SourceDefinition<{ i: number }>
    >()
  })

  it.each([
    ['iterable', counting],
    ['async iterable', countingLater],
  ])('reads on from any position of an %s', async (_kind, generator) => {
    const source = fromGenerator(generator)
    const all = await readFrom(source, files)
    expect(all.map(({ record }) => record)).toEqual(Array.from({ length: 2500 }, (_, n) => `line ${n}`))
    for (const i of [0, 1023, 1024, 2047, 2499]) {
      expect(await readFrom(source, files, 0, all[i]?.position)).toEqual(all.slice(i + 1))
    }
  })

  it('A1: delivers a slow item at once', async () => {
    let give: (item: { value: string; position: number }) => void = () => undefined
    const items = {
      [Symbol.asyncIterator]: () => ({
        next: () =>
          new Promise<IteratorResult<{ value: string; position: number }>>((resolve) => {
            give = (value) => resolve({ done: false, value })
          }),
      }),
    }
    const reader = await fromGenerator({ open: () => items }).open('0', null, context)
    const first = reader.read()
    give({ value: 'a', position: 1 })
    expect((await first)?.records).toEqual(['a'])
    const second = reader.read()
    give({ value: 'b', position: 2 })
    expect((await second)?.records).toEqual(['b'])
    await reader.close()
  })

  it('A2: delivers every item of a fast iterable that is longer than a chunk', async () => {
    const count = 5000
    const source = fromGenerator({
      async *open(position: number | null) {
        for (let n = position ?? 0; n < count; n += 1) yield { value: n, position: n + 1 }
      },
    })
    const reader = await source.open('0', null, context)
    const values: unknown[] = []
    // As a task does: the next read is asked for before the chunk is used up.
    let ahead = reader.read()
    for (let chunk = await ahead; chunk !== null; chunk = await ahead) {
      ahead = reader.read()
      values.push(...chunk.records)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(values).toEqual(Array.from({ length: count }, (_, n) => n))
  })

  it('A3: items before a throw come first', async () => {
    const source = fromGenerator({
      async *open() {
        yield { value: 1, position: 1 }
        await Promise.resolve()
        throw new Error('broken')
      },
    })
    const reader = await source.open('0', null, context)
    expect((await reader.read())?.records).toEqual([1])
    await expect(Promise.resolve().then(() => reader.read())).rejects.toMatchObject({ code: 'SOURCE_THREW' })
  })

  it('closes the iterable', async () => {
    let closed = 0
    const source = fromGenerator({
      *open() {
        try {
          for (let n = 0; ; n += 1) yield { value: n, position: n }
        } finally {
          closed += 1
        }
      },
    })
    const reader = await source.open('0', null, context)
    expect((await reader.read())?.records.length).toBe(1024)
    await reader.close()
    expect(closed).toBe(1)
  })
})
