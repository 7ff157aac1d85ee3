import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemCode } from '../errors.ts'
import { simulatedFiles, systemError, type SimulatedFiles } from './files.ts'
import { seededRandom } from './random.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (content: Uint8Array): string => new TextDecoder().decode(content)

async function write(files: SimulatedFiles, path: string, content: string, sync = true): Promise<void> {
  const handle = await files.open(path, 'create')
  await handle.append(bytes(content))
  if (sync) await handle.sync()
  await handle.close()
}

const codeOf = (action: Promise<unknown>): Promise<string> => action.then(() => 'ok', systemCode)

describe('simulated files: a file system', () => {
  it('reads what was written', async () => {
    const files = simulatedFiles()
    await files.makeFolder('/a/b')
    await write(files, '/a/b/f', 'hello')
    expect(text(await files.readAll('/a/b/f'))).toBe('hello')
    const handle = await files.open('/a/b/../b/f', 'read')
    expect(text(await handle.read(1, 3))).toBe('ell')
    expect(text(await handle.read(4, 100))).toBe('o')
    expect(await files.stat('/a/b/f')).toMatchObject({ bytes: 5, kind: 'file' })
    expect(await files.stat('/a/b')).toMatchObject({ kind: 'folder' })
    expect(await files.list('/a')).toEqual(['b'])
    expect([files.paths('/a'), files.paths('/b'), files.paths('/')]).toEqual([['/a/b/f'], [], ['/a/b/f']])
  })

  it('shows what is stored, whatever fails or flips on the way to who reads it', async () => {
    let broken = false
    const fault = (): Error | undefined => (broken ? new Error('EIO') : undefined)
    const files = simulatedFiles({ fault, reading: (_, bytes) => bytes.fill(0) })
    await write(files, '/f', 'hello')
    broken = true
    const shown = files.contentOf('/f')
    expect(text(shown)).toBe('hello')
    shown.fill(0)
    expect(text(files.contentOf('/f'))).toBe('hello')
    expect(() => files.contentOf('/g')).toThrow(/ENOENT/)
  })

  it('hands out copies', async () => {
    const files = simulatedFiles()
    await write(files, '/f', 'hello')
    const content = await files.readAll('/f')
    content.fill(0)
    expect(text(await files.readAll('/f'))).toBe('hello')
  })

  it('fails with the codes of the system', async () => {
    const files = simulatedFiles()
    await files.makeFolder('/d')
    await write(files, '/f', 'x')
    expect(await codeOf(files.open('/f', 'create'))).toBe('EEXIST')
    expect(await codeOf(files.open('/g', 'read'))).toBe('ENOENT')
    expect(await codeOf(files.open('/no/g', 'create'))).toBe('ENOENT')
    expect(await codeOf(files.readAll('/d'))).toBe('EISDIR')
    expect(await codeOf(files.link('/f', '/d'))).toBe('EEXIST')
    expect(await codeOf(files.link('/g', '/h'))).toBe('ENOENT')
    expect(await codeOf(files.unlink('/g'))).toBe('ENOENT')
    expect(await codeOf(files.unlink('/d'))).toBe('EISDIR')
    expect(await codeOf(files.list('/no'))).toBe('ENOENT')
    expect(await codeOf(files.list('/f'))).toBe('ENOTDIR')
    expect(await codeOf(files.makeFolder('/f/x'))).toBe('ENOTDIR')
    expect(await codeOf(files.stat('/no'))).toBe('ENOENT')
    const handle = await files.open('/f', 'read')
    await handle.close()
    expect(await codeOf(handle.read(0, 1))).toBe('EBADF')
  })

  it('a link is a second name for one file, and an open file outlives its names', async () => {
    const files = simulatedFiles()
    const handle = await files.open('/f', 'create')
    await files.link('/f', '/g')
    await handle.append(bytes('late'))
    await files.unlink('/f')
    expect(text(await files.readAll('/g'))).toBe('late')
    await files.unlink('/g')
    expect(text(await handle.read(0, 9))).toBe('late')
  })

  it('removes folders with what is in them; absent is fine', async () => {
    const files = simulatedFiles()
    await files.makeFolder('/a/b')
    await files.removeFolder('/a')
    await files.removeFolder('/a')
    expect(await files.list('/')).toEqual([])
  })

  it('changedMs tells that a file changed', async () => {
    const files = simulatedFiles()
    await write(files, '/f', 'x')
    const { changedMs } = await files.stat('/f')
    await write(files, '/g', 'x')
    expect((await files.stat('/g')).changedMs).toBeGreaterThan(changedMs)
    const timed = simulatedFiles({ nowMs: () => 77 })
    await write(timed, '/f', 'x')
    expect((await timed.stat('/f')).changedMs).toBe(77)
  })

  it('a fault fails its operation before it has any effect', async () => {
    const files = simulatedFiles({
      fault: (operation, path) =>
        operation === 'append' ? systemError('ENOSPC', operation, path) : undefined,
    })
    expect(await codeOf(write(files, '/f', 'x'))).toBe('ENOSPC')
    expect((await files.stat('/f')).bytes).toBe(0)
  })

  it('a link whose answer is lost was made', async () => {
    const files = simulatedFiles({
      fault: (operation, path) => (operation === 'linked' ? systemError('EIO', operation, path) : undefined),
    })
    await write(files, '/f', 'x')
    expect(await codeOf(files.link('/f', '/g'))).toBe('EIO')
    expect(text(await files.readAll('/g'))).toBe('x')
  })
})

describe('simulated files: a crash', () => {
  it('forgets names whose folder was not synced', async () => {
    const files = simulatedFiles()
    await write(files, '/f', 'x')
    files.crash()
    expect(await files.list('/')).toEqual([])
  })

  it('forgets content that was not synced', async () => {
    const files = simulatedFiles()
    const handle = await files.open('/f', 'create')
    await handle.append(bytes('kept'))
    await handle.sync()
    await handle.append(bytes('lost'))
    await files.syncFolder('/')
    files.crash()
    expect(text(await files.readAll('/f'))).toBe('kept')
    expect(await codeOf(handle.append(bytes('x')))).toBe('EBADF')
  })

  it('brings back names whose removal was not synced', async () => {
    const files = simulatedFiles()
    await write(files, '/f', 'x')
    await files.syncFolder('/')
    await files.unlink('/f')
    files.crash()
    expect(await files.list('/')).toEqual(['f'])
  })

  it('forgets what is in a folder whose own name was not synced', async () => {
    const files = simulatedFiles()
    await files.makeFolder('/a')
    await write(files, '/a/f', 'x')
    await files.syncFolder('/a')
    files.crash()
    expect(await files.list('/')).toEqual([])
    await files.makeFolder('/a')
    expect(await files.list('/a')).toEqual([])
  })

  it('of a process only loses nothing that was written', async () => {
    const files = simulatedFiles()
    const handle = await files.open('/f', 'create')
    await handle.append(bytes('x'))
    files.crash('process')
    expect(text(await files.readAll('/f'))).toBe('x')
    expect(await codeOf(handle.close())).toBe('EBADF')
  })

  it('with chance keeps any prefix of a tail and any of the unsynced names, and all that was synced', async () => {
    const lengths = new Set<number>()
    const names = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 }), async (seed) => {
        const files = simulatedFiles()
        const handle = await files.open('/f', 'create')
        await handle.append(bytes('ab'))
        await handle.sync()
        await files.syncFolder('/')
        await handle.append(bytes('cd'))
        await write(files, '/g', 'x')
        files.crash(seededRandom(seed))
        const content = text(await files.readAll('/f'))
        expect('abcd'.startsWith(content) && content.length >= 2).toBe(true)
        lengths.add(content.length)
        names.add((await files.list('/')).join())
      }),
    )
    expect([...lengths].sort()).toEqual([2, 3, 4])
    expect([...names].sort()).toEqual(['f', 'f,g'])
  })
})

describe('a medium that lies', () => {
  it('what is read is what it makes of the content, which stays as it is', async () => {
    let lies = true
    const files = simulatedFiles({ reading: (path, read) => (lies ? bytes(`${path}!`) : read) })
    await write(files, '/f', 'x')
    const handle = await files.open('/f', 'read')
    expect([text(await files.readAll('/f')), text(await handle.read(0, 1))]).toEqual(['/f!', '/f!'])
    lies = false
    expect(text(await files.readAll('/f'))).toBe('x')
  })

  it('a bit that flips stays flipped, under every name of the file, and survives a crash', async () => {
    const files = simulatedFiles()
    await write(files, '/f', 'ab')
    await files.link('/f', '/g')
    await files.syncFolder('/')
    expect(files.flipBit('/f', 0.99)).toBe(true)
    files.crash()
    expect([...(await files.readAll('/g'))]).toEqual([97, 98 ^ 128])
    await write(files, '/empty', '')
    expect(files.flipBit('/empty', 0.5)).toBe(false)
  })
})
