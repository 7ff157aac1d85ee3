import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stepName } from '../core/ids.ts'
import { limits } from '../core/limits.ts'
import {
  buildSnapshot,
  PartBuilder,
  readPart,
  SectionReader,
  writeParts,
  type SectionInput,
} from './parts.ts'
import { sampleOwner } from './simulated/samples.ts'
import { memoryParts } from './stores/memory-store.ts'

const section = (group: number, ...chunks: Uint8Array[]): SectionInput => ({
  step: stepName('by-page'),
  version: 3,
  scope: { kind: 'group', group },
  chunks,
})
const filled = (length: number, byte = 1): Uint8Array => new Uint8Array(length).fill(byte)
const large = limits.inlineSectionBytesMax + 1

describe('parts', () => {
  it('small sections travel in the manifest and cost no file', () => {
    const { snapshot, files } = buildSnapshot(sampleOwner(), [section(0, filled(3)), section(1)])
    expect(files).toEqual([])
    expect(snapshot.parts).toEqual([])
    expect(snapshot.steps[0]?.sections.map(({ content }) => content)).toEqual([
      { kind: 'inline', bytes: filled(3) },
      { kind: 'inline', bytes: new Uint8Array(0) },
    ])
  })

  it('§9: a task puts only so much into the manifest', () => {
    const sections = Array.from({ length: 40 }, (_, group) =>
      section(group, filled(limits.inlineSectionBytesMax)),
    )
    const { snapshot } = buildSnapshot(sampleOwner(), sections)
    const inline = snapshot.steps[0]?.sections.filter(({ content }) => content.kind === 'inline') ?? []
    expect(inline).toHaveLength(limits.inlineTaskBytesMax / limits.inlineSectionBytesMax)
    expect(snapshot.parts).toHaveLength(1)
  })

  it('C5: a part knows its size and SHA-256, a section its place and CRC-32', async () => {
    const chunks = [filled(1000, 1), filled(2000, 2)]
    const { snapshot, files } = buildSnapshot(sampleOwner(42, 3, 1), [
      section(0, ...chunks),
      section(1, filled(large, 9)),
    ])
    const whole = Buffer.concat([...chunks, filled(large, 9)])
    expect(snapshot.parts).toEqual([
      {
        name: '3.1.42.by-page.0.0',
        bytes: whole.length,
        digest: createHash('sha256').update(whole).digest('hex'),
      },
    ])
    expect(snapshot.steps[0]).toMatchObject({ step: 'by-page', version: 3 })
    expect(snapshot.steps[0]?.sections[1]?.content).toMatchObject({
      part: '3.1.42.by-page.0.0',
      offset: 3000,
      length: large,
    })
    const store = memoryParts()
    await writeParts(store, files)
    expect(Buffer.from(await store.get('3.1.42.by-page.0.0'))).toEqual(whole)
  })

  it('a step without sections is in the snapshot too', () => {
    const builder = new PartBuilder(sampleOwner())
    builder.addStep(stepName('by-page'), 2)
    builder.addStep(stepName('other'), 1)
    builder.add(section(0, filled(1)))
    expect(
      builder.finish().snapshot.steps.map(({ step, version, sections }) => [step, version, sections.length]),
    ).toEqual([
      ['by-page', 2, 1],
      ['other', 1, 0],
    ])
  })

  it('a part is closed near its target, and the next has the next ordinal', () => {
    const half = filled(limits.partBytesTarget / 2 + 1)
    const { snapshot } = buildSnapshot(sampleOwner(), [
      section(0, half),
      section(1, half),
      section(2, filled(large)),
    ])
    expect(snapshot.parts.map(({ name }) => name)).toEqual(['1.0.1.by-page.0.0', '1.0.1.by-page.0.1'])
    expect(snapshot.steps[0]?.sections[1]?.content).toMatchObject({ part: '1.0.1.by-page.0.1', offset: 0 })
  })

  it('§9: a section beyond the limit is refused, naming the step', () => {
    const quarter = filled(limits.partBytesMax / 4)
    const input = section(7, quarter, quarter, quarter, quarter, filled(1))
    expect(() => buildSnapshot(sampleOwner(), [input])).toThrow(/'by-page'.*must be at most/)
  })

  it('what was written is read, whatever the sections', async () => {
    const chunk = fc.uint8Array({ maxLength: 3000 })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(chunk, { maxLength: 4 }), { maxLength: 10 }), async (contents) => {
        const store = memoryParts()
        const { snapshot, files } = buildSnapshot(
          sampleOwner(),
          contents.map((chunks, group) => section(group, ...chunks)),
        )
        await writeParts(store, files)
        const reader = new SectionReader(store, snapshot.parts)
        for (const { scope, content } of snapshot.steps[0]?.sections ?? []) {
          const expected = Buffer.concat(contents[(scope as { group: number }).group] ?? [])
          expect(Buffer.from(await reader.section(content))).toEqual(expected)
        }
      }),
      { numRuns: 50 },
    )
  })
})

describe('reading parts', () => {
  const built = () =>
    buildSnapshot(sampleOwner(), [section(0, filled(large, 5)), section(1, filled(large, 6))])
  const content = (group: number) => {
    const found = built().snapshot.steps[0]?.sections[group]?.content
    if (found?.kind !== 'part') throw new Error('expected a part')
    return found
  }

  it('C7: a missing part is refused by name', async () => {
    const reader = new SectionReader(memoryParts(), built().snapshot.parts)
    await expect(reader.section(content(0))).rejects.toMatchObject({ code: 'PART_MISSING', retry: 'fatal' })
  })

  it('C7: a part with any byte altered, cut or added is refused, with both digests', async () => {
    const { snapshot, files } = built()
    const [info] = snapshot.parts
    if (!info) throw new Error('expected a part')
    const whole = new Uint8Array(Buffer.concat(files[0]?.chunks ?? []))
    const altered = whole.slice()
    altered[large] = 0
    for (const bytes of [altered, whole.subarray(1), whole.subarray(0, -1), Uint8Array.of(...whole, 0)]) {
      const store = memoryParts()
      await store.put(info.name, [bytes])
      await expect(readPart(store, info)).rejects.toMatchObject({ code: 'PART_DAMAGED' })
    }
    const store = memoryParts()
    await store.put(info.name, [altered])
    await expect(readPart(store, info)).rejects.toThrow(
      new RegExp(`expected SHA-256 ${info.digest}, found [0-9a-f]{64}`),
    )
  })

  it('C7: a section that does not agree with its checksum or lies outside its part is refused', async () => {
    const { snapshot, files } = built()
    const store = memoryParts()
    await writeParts(store, files)
    const reader = new SectionReader(store, snapshot.parts)
    const good = content(1)
    expect(await reader.section(good)).toEqual(filled(large, 6))
    for (const bad of [
      { ...good, crc: good.crc ^ 1 },
      { ...good, offset: good.offset - 1 },
      { ...good, offset: good.offset + 1 },
      { ...good, part: '1.0.1.other.0.0' },
    ]) {
      await expect(reader.section(bad)).rejects.toMatchObject({ code: 'PART_DAMAGED' })
    }
  })

  it('a part is read once for all of its sections', async () => {
    const { snapshot, files } = built()
    const store = memoryParts()
    await writeParts(store, files)
    let gets = 0
    const counting = { ...store, get: (name: string) => ((gets += 1), store.get(name)) }
    const reader = new SectionReader(counting, snapshot.parts)
    await Promise.all([reader.section(content(0)), reader.section(content(1))])
    expect(gets).toBe(1)
  })
})
