import { describe, expect, it } from 'vitest'
import { simulatedFiles, systemError } from '../../../core/simulated/files.ts'
import { fromCsv } from '../csv.ts'
import { fromJsonl } from '../jsonl.ts'
import { fromLines } from '../lines.ts'
import { memoryFiles, putFile, readAll, readFrom } from '../testing/reading.ts'

async function positionIn(content: string): Promise<unknown> {
  const all = await readFrom(fromLines('in.txt'), await memoryFiles({ 'in.txt': content }))
  return all[0]?.position
}

describe('S1: the identity of a file', () => {
  it('tells another size', async () => {
    const files = await memoryFiles({ 'in.txt': 'a\nb\nc\n' })
    await expect(readFrom(fromLines('in.txt'), files, 0, await positionIn('a\nb\n'))).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
      retry: 'fatal',
      message: expect.stringContaining(
        "'in.txt' is not the file that the checkpoint was reading: it had 4 bytes and has 6",
      ),
    })
  })

  it('tells another content of the same size', async () => {
    const files = await memoryFiles({ 'in.txt': 'a\nc\n' })
    await expect(readFrom(fromLines('in.txt'), files, 0, await positionIn('a\nb\n'))).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
      message: expect.stringContaining('its first 64 KB differ'),
    })
  })

  it('tells another time of change', async () => {
    let nowMs = 5
    const files = simulatedFiles({ nowMs: () => nowMs })
    await putFile(files, 'in.txt', Buffer.from('a\n'))
    const [first] = await readFrom(fromLines('in.txt'), files)
    nowMs = 1000
    await files.unlink('in.txt')
    await putFile(files, 'in.txt', Buffer.from('a\n'))
    await expect(readFrom(fromLines('in.txt'), files, 0, first?.position)).rejects.toThrow(
      /changed at 1970-01-01T00:00:01.000Z, then at 1970-01-01T00:00:00.005Z/,
    )
  })

  it('tells pieces of another size', async () => {
    const context = {
      step: 's',
      files: await memoryFiles({ 'in.txt': 'a\nb\n' }),
      log: (): void => undefined,
    }
    await expect(fromLines('in.txt').open('in.txt:0-3', null, context)).rejects.toThrow(
      "expected a piece of 'in.txt' in pieces of 67108864 bytes, found 'in.txt:0-3'",
    )
    const [first] = await readFrom(fromLines('in.txt', { splitBytes: 2 }), context.files)
    const other = fromLines('in.txt', { splitBytes: 2 }).open('in.txt:2-4', first?.position, context)
    await expect(other).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
  })

  it('tells a file that shrank while it was read', async () => {
    const files = await memoryFiles({ 'in.txt': 'a\n'.repeat(300_000) })
    const shrunk = {
      ...files,
      stat: async (path: string) => ({ ...(await files.stat(path)), bytes: 700_000 }),
    }
    await expect(readAll(fromLines('in.txt'), shrunk)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
  })

  it('refuses what is no position and what is no split of it', async () => {
    const files = await memoryFiles({ 'in.txt': 'a\n' })
    await expect(readFrom(fromLines('in.txt'), files, 0, { offset: -1 })).rejects.toMatchObject({
      code: 'POSITION_ILLEGAL',
    })
    const context = { step: 's', files, log: (): void => undefined }
    await expect(fromLines('in.txt').open('other.txt:0-5', null, context)).rejects.toMatchObject({
      code: 'SPLIT_UNKNOWN',
    })
  })
})

describe('an unreadable file', () => {
  it.each([
    ['ENOENT', 'fatal'],
    ['EACCES', 'fatal'],
    ['EIO', 'retry'],
    ['EMFILE', 'retry'],
  ])('%s is SOURCE_UNREADABLE, %s', async (code, retry) => {
    for (const operation of ['stat', 'open', 'read'] as const) {
      const files = simulatedFiles({
        fault: (found, path) => (found === operation && armed ? systemError(code, found, path) : undefined),
      })
      let armed = false
      await putFile(files, 'in.txt', Buffer.from('a,b\n1,2\n'))
      armed = true
      for (const source of [fromLines('in.txt'), fromJsonl('in.txt'), fromCsv('in.txt')]) {
        await expect(readAll(source, files)).rejects.toMatchObject({
          code: 'SOURCE_UNREADABLE',
          retry,
          details: { file: 'in.txt', system: code },
        })
      }
    }
  })

  it('a folder is none', async () => {
    const files = simulatedFiles()
    await files.makeFolder('in.txt')
    await expect(readAll(fromLines('in.txt'), files)).rejects.toThrow(/must be a file, found a folder/)
  })
})
