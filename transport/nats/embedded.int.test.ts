import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { connectNats } from './connect.ts'
import { startEmbeddedNats } from './embedded.ts'
import { byGuardian, byKernel, findNatsServer } from './server-binary.ts'

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const waitGone = (pid: number) => vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5_000 })

afterEach(() => vi.unstubAllEnvs())

const guards = [
  ...(process.platform === 'linux' ? [{ name: 'the kernel', guard: byKernel }] : []),
  { name: 'a guardian process', guard: byGuardian },
]

describe('startEmbeddedNats', () => {
  it.each(guards)(
    'S1: the server is gone after its parent is killed with -9, by $name',
    async ({ guard }) => {
      const folder = await mkdtemp(join(tmpdir(), 'millrace-parent-'))
      const built = new URL('../../dist/transport/nats/', import.meta.url)
      const url = (name: string) => JSON.stringify(new URL(`${name}.js`, built).href)
      const script = `
      const { startEmbeddedNats } = await import(${url('embedded')})
      const { ${guard.name}: guard } = await import(${url('server-binary')})
      const server = await startEmbeddedNats({ folder: ${JSON.stringify(folder)}, guard })
      console.log(server.pid)
      setInterval(() => undefined, 1000)`
      await writeFile(join(folder, 'parent.mjs'), script)
      const parent = spawn(process.execPath, [join(folder, 'parent.mjs')])
      let errors = ''
      parent.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
      const pid = await new Promise<number>((resolve, reject) => {
        parent.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())))
        parent.once('exit', () => reject(new Error(errors)))
      })
      expect(isAlive(pid)).toBe(true)
      parent.kill('SIGKILL')
      await waitGone(pid)
      await rm(folder, { recursive: true, force: true })
    },
  )

  it.each(guards)(
    'S2: killed with -9 it comes back on its port and folder, with $name',
    async ({ guard }) => {
      const server = await startEmbeddedNats({ guard })
      const { pid, url } = server
      const died = vi.fn()
      const restarted = vi.fn()
      server.watch({ died, restarted })
      process.kill(pid, 'SIGKILL')
      await vi.waitFor(() => expect(restarted).toHaveBeenCalled(), { timeout: 5_000 })
      expect(died.mock.calls).toEqual([[pid, expect.anything()]])
      expect(restarted.mock.calls).toEqual([[server.pid]])
      expect(server.pid).not.toBe(pid)
      const channel = await connectNats({ url, prefix: 'mr', self: 'w0' })
      await channel.close()
      const last = server.pid
      await server.stop()
      expect(isAlive(last)).toBe(false)
      expect(died).toHaveBeenCalledTimes(1)
    },
  )

  it('S3: its own folder is removed, a given one is left', async () => {
    const own = await startEmbeddedNats()
    expect(existsSync(own.folder)).toBe(true)
    await own.stop()
    expect(existsSync(own.folder)).toBe(false)

    const folder = await mkdtemp(join(tmpdir(), 'millrace-given-'))
    const given = await startEmbeddedNats({ folder })
    await given.stop()
    expect(existsSync(folder)).toBe(true)
    await rm(folder, { recursive: true })
  })

  it('S3: its own folder is removed by the next start after its parent was killed with -9', async () => {
    const built = new URL('../../dist/transport/nats/embedded.js', import.meta.url).href
    const script = `const { startEmbeddedNats } = await import(${JSON.stringify(built)})
      console.log((await startEmbeddedNats()).folder)
      setInterval(() => undefined, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script])
    const folder = await new Promise<string>((resolve) => {
      parent.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()))
    })
    const other = await startEmbeddedNats()
    expect(existsSync(folder)).toBe(true)
    parent.kill('SIGKILL')
    await new Promise((resolve) => parent.once('exit', resolve))
    const next = await startEmbeddedNats()
    expect(existsSync(folder)).toBe(false)
    expect(existsSync(other.folder)).toBe(true)
    await Promise.all([other.stop(), next.stop()])
  })

  it('S2: a server that does not start any more is given up, and said so', { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-binary-'))
    const binary = join(folder, 'nats-server')
    await symlink(findNatsServer(process.env), binary)
    vi.stubEnv('NATS_SERVER', binary)
    const server = await startEmbeddedNats()
    const gone = new Promise<Error>((givenUp) => server.watch({ givenUp }))
    await rm(binary)
    process.kill(server.pid, 'SIGKILL')
    expect(await gone).toMatchObject({ code: 'NATS_SERVER_FAILED', retry: 'fatal' })
    await server.stop()
    await rm(folder, { recursive: true })
  })

  it('stop during a restart leaves nothing behind, and may be called twice', async () => {
    const server = await startEmbeddedNats()
    process.kill(server.pid, 'SIGKILL')
    await waitGone(server.pid)
    await server.stop()
    await server.stop()
    expect(existsSync(server.folder)).toBe(false)
    expect(isAlive(server.pid)).toBe(false)
  })

  it('no binary: NATS_SERVER_MISSING with one line that says what to do', async () => {
    vi.stubEnv('NATS_SERVER', '')
    vi.stubEnv('PATH', '/nowhere')
    const missing = {
      code: 'NATS_SERVER_MISSING',
      message: expect.stringMatching(/^[^\n]*install it[^\n]*$/),
    }
    await expect(startEmbeddedNats()).rejects.toMatchObject(missing)
    vi.stubEnv('NATS_SERVER', '/nowhere/nats-server')
    await expect(startEmbeddedNats()).rejects.toMatchObject({ code: 'NATS_SERVER_MISSING' })
  })

  it('a server that ends at once: NATS_SERVER_FAILED with its last words', async () => {
    const first = await startEmbeddedNats()
    const port = Number(new URL(first.url).port)
    await expect(startEmbeddedNats({ port })).rejects.toMatchObject({
      code: 'NATS_SERVER_FAILED',
      message: expect.stringContaining('address already in use'),
    })
    await first.stop()
  })
})
