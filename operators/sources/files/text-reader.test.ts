import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { silentLog } from '../../../core/log.ts'
import { BadRecord } from '../../source.ts'
import type { SourceError } from '../errors.ts'
import { readFrom, readOn, putFile, memoryFiles } from '../testing/reading.ts'
import { fromLines } from '../lines.ts'
import { fromJsonl } from '../jsonl.ts'
import { csvDelimiter, lineDelimiter } from './delimiters.ts'
import { openFile } from './identity.ts'
import { rangeStart, type TextStart } from './position.ts'
import { wholeFile, type ByteRange } from './ranges.ts'
import type { TextFormat } from './text-format.ts'
import { TextReader } from './text-reader.ts'

/** Line breaks, multi-byte characters, quotes and byte order marks, close together. */
const pieces = ['\n', '\r\n', '\r', '', 'a', 'bcd', 'é', '€', '😀', '"', ',', '\ufeff', '0123456789']
const contents = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join(''))

/** Knows nothing of blocks, ranges or bytes. */
function linesOf(content: string): string[] {
  const lines = content.replace(/^\ufeff/, '').split('\n')
  const last = lines.pop() ?? ''
  return [...lines.map((line) => line.replace(/\r$/, '')), ...(last === '' ? [] : [last])]
}

const lineFormat: TextFormat<string> = {
  delimiter: lineDelimiter,
  skipBlank: false,
  multiline: false,
  rowBytesMax: 1_000_000,
  blockBytes: 256 * 1024,
  badRows: 'fail',
  parse: (rows) => (i) => rows.text(i),
}

interface Opened {
  readonly content: string
  readonly range?: ByteRange
  readonly start?: TextStart
  readonly format?: Partial<TextFormat<string>>
}

async function open({ content, range = wholeFile, start, format }: Opened): Promise<TextReader<string>> {
  const files = await memoryFiles({ 'in.txt': content })
  const file = await openFile(files, 'in.txt', null)
  return new TextReader(file, range, start ?? rangeStart(range), { ...lineFormat, ...format })
}

const valuesOf = async (opened: Opened): Promise<unknown[]> =>
  (await readOn(await open(opened))).map(({ record }) => record)

describe('TextReader', () => {
  it('R1: every piece size gives each line to exactly one piece, in order', async () => {
    await fc.assert(
      fc.asyncProperty(contents, fc.integer({ min: 1, max: 9 }), async (content, blockBytes) => {
        const bytes = Buffer.byteLength(content)
        for (let size = 1; size <= bytes + 1; size += 1) {
          const found: unknown[] = []
          for (let from = 0; from === 0 || from < bytes; from += size) {
            found.push(
              ...(await valuesOf({ content, range: { from, to: from + size }, format: { blockBytes } })),
            )
          }
          expect(found, `pieces of ${size} bytes`).toEqual(linesOf(content))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('R1: blocks of any size give the same lines', async () => {
    await fc.assert(
      fc.asyncProperty(contents, fc.integer({ min: 1, max: 50 }), async (content, blockBytes) => {
        expect(await valuesOf({ content, format: { blockBytes } })).toEqual(linesOf(content))
      }),
    )
  })

  it('R2: reading on from any position gives what follows it', async () => {
    await fc.assert(
      fc.asyncProperty(
        contents,
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        async (content, blockBytes, csv) => {
          const format = csv
            ? { blockBytes, multiline: true, skipBlank: true, delimiter: () => csvDelimiter(44) }
            : { blockBytes }
          const all = await readOn(await open({ content, format }))
          for (const [i, { position }] of all.entries()) {
            const rest = await readOn(await open({ content, start: position as TextStart, format }))
            expect(rest.map(({ record }) => record)).toEqual(all.slice(i + 1).map(({ record }) => record))
            expect(rest.map((each) => each.position)).toEqual(all.slice(i + 1).map((each) => each.position))
          }
        },
      ),
    )
  })

  it('R2: holds with rows that are too long, and set aside', async () => {
    await fc.assert(
      fc.asyncProperty(contents, fc.integer({ min: 1, max: 9 }), async (content, blockBytes) => {
        const format = { blockBytes, rowBytesMax: 3, badRows: 'dead-letter' as const }
        const all = await readOn(await open({ content, format }))
        const expected = linesOf(content).map((line) => (Buffer.byteLength(line) > 3 ? 'too long' : line))
        const shown = (records: readonly { record: unknown }[]): unknown[] =>
          records.map(({ record }) => (record instanceof BadRecord ? 'too long' : record))
        expect(shown(all)).toEqual(expected)
        for (const [i, { position }] of all.entries()) {
          const rest = await readOn(await open({ content, start: position as TextStart, format }))
          expect(shown(rest)).toEqual(shown(all).slice(i + 1))
        }
      }),
    )
  })

  it('R3: rows before a bad one come first, then its error, again and again', async () => {
    const files = await memoryFiles({ 'in.jsonl': '{"n":1}\n{"n":2}\n{"n":\n{"n":4}\n' })
    const source = fromJsonl('in.jsonl')
    const reader = await source.open('in.jsonl:0-67108864', null, { step: 's', files, log: silentLog })
    expect((await reader.read())?.records).toEqual([{ n: 1 }, { n: 2 }])
    for (let again = 0; again < 2; again += 1) {
      const failure = await Promise.resolve()
        .then(() => reader.read())
        .catch((error: unknown) => error)
      expect(failure).toMatchObject({
        code: 'ROW_MALFORMED',
        retry: 'record',
        details: { file: 'in.jsonl', line: 3, byte: 16 },
      })
      expect((failure as SourceError).message).toContain(
        `'in.jsonl' line 3 (byte 16): expected one JSON value, found "{\\"n\\":"`,
      )
    }
  })

  it('R4: a row beyond the limit is not kept, and reading goes on after it', async () => {
    const content = `${'x'.repeat(3_000_000)}\nshort\n`
    const all = await readOn(await open({ content, format: { rowBytesMax: 1000, badRows: 'dead-letter' } }))
    expect(all.map(({ record }) => (record instanceof BadRecord ? record.error.code : record))).toEqual([
      'ROW_TOO_LONG',
      'short',
    ])
    expect((all[0]?.record as BadRecord).raw.length).toBeLessThanOrEqual(2000)
    await expect(readOn(await open({ content, format: { rowBytesMax: 1000 } }))).rejects.toMatchObject({
      code: 'ROW_TOO_LONG',
    })
  })

  it('keeps a character that lies across two blocks of the default size', async () => {
    const long = `${'x'.repeat(256 * 1024 - 1)}€ and more`
    expect(await valuesOf({ content: `${long}\nnext` })).toEqual([long, 'next'])
  })

  it('counts lines in the first piece, bytes in the others', async () => {
    const files = await memoryFiles({ 'in.txt': 'a\n\nb\nc\n' })
    const [first, second] = [
      await readFrom(fromLines('in.txt', { splitBytes: 4 }), files, 0),
      await readFrom(fromLines('in.txt', { splitBytes: 4 }), files, 1),
    ]
    expect(first.map(({ position }) => (position as TextStart).line)).toEqual([2, 3, 4])
    expect(second.map(({ position }) => (position as TextStart).line)).toEqual([null])
    expect(second.map(({ record }) => record)).toEqual(['c'])
  })

  it('names the byte of invalid UTF-8, and goes on where bad rows are set aside', async () => {
    const files = await memoryFiles({})
    await putFile(files, 'in.txt', Buffer.from([0x61, 10, 0xff, 0xfe, 10, 0x62, 10]))
    await expect(readFrom(fromLines('in.txt'), files)).rejects.toMatchObject({
      code: 'ROW_ENCODING',
      details: { line: 2, byte: 2 },
    })
    const all = await readFrom(fromLines('in.txt', { badRows: 'dead-letter' }), files)
    expect(all.map(({ record }) => (record instanceof BadRecord ? record.error.code : record))).toEqual([
      'a',
      'ROW_ENCODING',
      'b',
    ])
  })
})
