import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BadRecord } from '../source.ts'
import { fromCsv } from './csv.ts'
import { memoryFiles, readAll, readFrom } from './testing/reading.ts'

const read = async (content: string, options?: Parameters<typeof fromCsv>[1]): Promise<unknown[]> =>
  readAll(fromCsv('in.csv', options), await memoryFiles({ 'in.csv': content }))

const field = fc
  .array(fc.constantFrom('a', 'é', '"', ',', '\n', '\r\n', '\r', ' ', '€', ';'), { maxLength: 6 })
  .map((parts) => parts.join(''))
const table = fc.array(fc.record({ one: field, two: field, three: field }), { maxLength: 20 })

/** Every field quoted, or only where RFC 4180 needs it. */
function write(rows: readonly object[], always: boolean, lineBreak: string): string {
  const quoted = (text: string): string =>
    always || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  return [
    'one,two,three',
    ...rows.map((row) =>
      Object.values(row)
        .map((text: string) => quoted(text))
        .join(','),
    ),
  ].join(lineBreak)
}

describe('fromCsv', () => {
  it('reads back any table, quoted line breaks included', async () => {
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.boolean(),
        fc.constantFrom('\n', '\r\n'),
        async (rows, always, lineBreak) => {
          expect(await read(write(rows, always, lineBreak))).toEqual(rows)
        },
      ),
    )
  })

  it('S1: reading on from any position gives what follows it', async () => {
    await fc.assert(
      fc.asyncProperty(table, fc.boolean(), async (rows, always) => {
        const files = await memoryFiles({ 'in.csv': write(rows, always, '\n') })
        const all = await readFrom(fromCsv('in.csv'), files)
        for (const [i, { position }] of all.entries()) {
          const rest = await readFrom(fromCsv('in.csv'), files, 0, position)
          expect(rest).toEqual(all.slice(i + 1))
        }
      }),
      { numRuns: 40 },
    )
  })

  it('skips a byte order mark and blank lines; a file without rows is empty', async () => {
    expect(await read('\ufeff\n\n"a",b\n\n1,2\n\n')).toEqual([{ a: '1', b: '2' }])
    expect(await read('')).toEqual([])
    expect(await read('a,b\n')).toEqual([])
  })

  it('takes names and delimiter from options', async () => {
    expect(await read('1;2\n3;"4;5"', { columns: ['a', 'b'], delimiter: ';' })).toEqual([
      { a: '1', b: '2' },
      { a: '3', b: '4;5' },
    ])
    expect(() => fromCsv('in.csv', { delimiter: ',,' })).toThrow(/one ASCII character/)
    expect(() => fromCsv('in.csv', { columns: ['a', 'a'] })).toThrow(/two columns are named 'a'/)
  })

  it('refuses a header that names no object', async () => {
    await expect(read('a,__proto__\n1,2')).rejects.toMatchObject({ code: 'HEADER_ILLEGAL' })
    await expect(read('a,a\n1,2')).rejects.toMatchObject({ code: 'HEADER_ILLEGAL' })
    await expect(read('a,"b\n1,2')).rejects.toMatchObject({ code: 'HEADER_ILLEGAL' })
  })

  it('says line and byte of a bad row', async () => {
    await expect(read('a,b\n"1\n1",2\n3\n')).rejects.toMatchObject({
      code: 'ROW_COLUMNS',
      message: `'in.csv' line 4 (byte 12): expected 2 fields, got 1, found "3". Correct the row, or set badRows: 'dead-letter'`,
    })
  })

  it('sets bad rows aside and reads the others', async () => {
    const content = 'a,b\n1,2\n3\n"x"y,4\n5,"6"\n7,never\n"unclosed,8\n'
    const decode = (row: Readonly<Record<string, string>>): Record<string, string> => {
      if (row['b'] === 'never') throw new Error('never is no number')
      return row
    }
    const all = await read(content, { badRows: 'dead-letter', decode })
    expect(all.map((row) => (row instanceof BadRecord ? `${row.error.code}: ${row.raw}` : row))).toEqual([
      { a: '1', b: '2' },
      'ROW_COLUMNS: 3',
      'ROW_MALFORMED: "x"y,4',
      { a: '5', b: '6' },
      'ROW_DECODE: 7,never',
      'ROW_MALFORMED: "unclosed,8',
    ])
  })
})
