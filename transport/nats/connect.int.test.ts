import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { connectNats } from './connect.ts'
import { startEmbeddedNats } from './embedded.ts'

const job = { prefix: 'mr.test', self: 'w0' }

async function unusedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe('connectNats', () => {
  it('no server: NATS_UNREACHABLE, with the address and without credentials', async () => {
    const port = await unusedPort()
    const attempt = connectNats({ url: `nats://ada:s3cret@127.0.0.1:${port}`, ...job })
    const error: Error & { code?: string; retry?: string } = await attempt.then(
      () => new Error('connected'),
      (failure: Error) => failure,
    )
    expect(error).toMatchObject({ code: 'NATS_UNREACHABLE', retry: 'fatal' })
    expect(error.message).toContain(`nats://127.0.0.1:${port}`)
    expect(JSON.stringify(error) + error.message).not.toContain('s3cret')
  })

  it('a port where something else answers: NATS_UNREACHABLE within the time-out', async () => {
    const mute = createServer(() => undefined)
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
    const { port } = mute.address() as AddressInfo
    const attempt = connectNats({ url: `nats://127.0.0.1:${port}`, ...job, connectTimeoutMs: 300 })
    await expect(attempt).rejects.toMatchObject({ code: 'NATS_UNREACHABLE' })
    mute.close()
  })

  it.each(['http://host', 'nats://', 'nats://a b', '', 'nats://user:pw@host/path', 'ws://host'])(
    'a URL that is none (%j): NATS_OPTIONS',
    async (url) => {
      await expect(connectNats({ url, ...job })).rejects.toMatchObject({ code: 'NATS_OPTIONS' })
    },
  )

  it.each(['w.0', 'w*', '>', '', 'w 0'])(
    'an address that is no subject token (%j): NATS_OPTIONS',
    async (self) => {
      const attempt = connectNats({ url: 'nats://127.0.0.1:1', prefix: 'mr', self })
      await expect(attempt).rejects.toMatchObject({ code: 'NATS_OPTIONS' })
    },
  )

  it('control and frames arrive apart, in order; status says connected, disconnected and closed', async () => {
    const server = await startEmbeddedNats()
    const sender = await connectNats({ url: server.url, ...job })
    const receiver = await connectNats({ url: server.url, prefix: job.prefix, self: 'w1' })
    const frames: number[] = []
    const control: string[] = []
    const statuses: string[] = []
    receiver.onFrame((bytes) => void frames.push(bytes[0]!))
    receiver.onControl((bytes) => void control.push(new TextDecoder().decode(bytes)))
    receiver.onStatus((status) => void statuses.push(status))
    for (let i = 0; i < 100; i += 1) sender.publishFrame('w1', Uint8Array.of(i))
    sender.publishControl('w1', new TextEncoder().encode('deploy'))
    await vi.waitFor(() => expect(control).toEqual(['deploy']))
    expect(frames).toEqual(Array.from({ length: 100 }, (_, i) => i))

    process.kill(server.pid, 'SIGKILL')
    await vi.waitFor(() => expect(sender.connected).toBe(false))
    sender.publishFrame('w1', Uint8Array.of(1))
    expect(sender.stats.droppedDisconnected).toBe(1)
    await vi.waitFor(() => expect(statuses).toEqual(['disconnected', 'connected']), { timeout: 5_000 })
    await Promise.all([sender.close(), receiver.close()])
    expect(statuses).toEqual(['disconnected', 'connected', 'closed'])
    sender.publishFrame('w1', Uint8Array.of(1))
    await server.stop()
  })

  it('a handler that throws loses its message and nothing else', async () => {
    const server = await startEmbeddedNats()
    const log = vi.fn()
    const channel = await connectNats({ url: server.url, ...job, log })
    const seen: number[] = []
    channel.onFrame((bytes) => {
      if (bytes[0] === 1) throw new Error('boom')
      seen.push(bytes[0]!)
    })
    for (let i = 0; i < 4; i += 1) channel.publishFrame('w0', Uint8Array.of(i))
    await vi.waitFor(() => expect(seen).toEqual([0, 2, 3]))
    expect(log).toHaveBeenCalledWith(
      'error',
      expect.any(String),
      expect.objectContaining({ message: 'boom' }),
    )
    await channel.close()
    await server.stop()
  })

  it('closes while the server is gone', async () => {
    const server = await startEmbeddedNats()
    const channel = await connectNats({ url: server.url, ...job })
    await server.stop()
    await channel.close()
    await channel.close()
  })
})
