import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { TcpProxy } from './tcp-proxy.ts'

/** An echo behind a proxy, and a client of it. */
async function echoing(): Promise<{ proxy: TcpProxy; open: (hello: string) => Promise<Client> }> {
  const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy = await TcpProxy.listen({ port: (server.address() as AddressInfo).port })
  onTestFinished(async () => {
    await proxy.close()
    server.close()
  })
  return { proxy, open: (hello) => Client.open(proxy.port, hello) }
}

class Client {
  received = Buffer.alloc(0)
  ended = false
  readonly socket: Socket

  static async open(port: number, hello: string): Promise<Client> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const client = new Client(socket)
    socket.write(hello)
    await client.until(hello.length)
    return client
  }

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => (this.received = Buffer.concat([this.received, chunk])))
    socket.on('error', () => undefined)
    socket.on('close', () => (this.ended = true))
  }

  until(bytes: number): Promise<void> {
    return vi.waitFor(() => expect(this.received.length).toBeGreaterThanOrEqual(bytes), { timeout: 10_000 })
  }

  untilEnded(): Promise<void> {
    return vi.waitFor(() => expect(this.ended).toBe(true), { timeout: 10_000 })
  }
}

const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251))

let setUp: Awaited<ReturnType<typeof echoing>>
beforeEach(async () => void (setUp = await echoing()))

describe('TcpProxy', () => {
  it.each([
    ['without faults', {}],
    ['with delay and jitter', { delayMs: 5, jitterMs: 20 }],
    ['throttled', { bytesPerSecond: 3_000_000 }],
  ])('P1: %s everything arrives, in order and unchanged', async (_, faults) => {
    const { proxy, open } = setUp
    proxy.set('both', faults)
    const client = await open('hi')
    client.socket.write(content)
    await client.until(2 + content.length)
    expect(client.received.subarray(2).equals(content)).toBe(true)
    expect(proxy.stats.up.bytes).toBe(2 + content.length)
    if ('delayMs' in faults) expect(proxy.stats.up.delayed).toBeGreaterThan(0)
  })

  it('P2: what is held is bounded, one way too, and arrives after healing; others are not touched', async () => {
    const { proxy, open } = setUp
    const [held, free] = [await open('held'), await open('free')]
    proxy.set('up', { held: true }, (hello) => hello.startsWith('held'))
    const much = Buffer.alloc(8 * 1024 * 1024, 7)
    held.socket.write(much)
    free.socket.write('x')
    await free.until(5)
    await vi.waitFor(() => expect(proxy.bytesWaiting).toBeGreaterThanOrEqual(1024 * 1024))
    expect(proxy.stats.up.waitingBytesMax).toBeLessThan(2 * 1024 * 1024)
    expect(held.received.length).toBe(4)
    proxy.heal()
    await held.until(4 + much.length)
    expect(held.received.subarray(4).equals(much)).toBe(true)
  })

  it('reset: the client is told at once, and may come again', async () => {
    const { proxy, open } = setUp
    const client = await open('one')
    expect(proxy.reset((hello) => hello === 'two')).toBe(0)
    expect(proxy.reset()).toBe(1)
    await client.untilEnded()
    await open('one')
    expect(proxy.stats).toMatchObject({ connections: 2, resets: 1 })
    await vi.waitFor(() => expect(proxy.stats.open).toBe(1))
  })

  it('half-open: nothing passes and nobody is told; a new connection works', async () => {
    const { proxy, open } = setUp
    const silent = await open('old')
    expect(proxy.halfOpen()).toBe(1)
    silent.socket.write('lost')
    const next = await open('new')
    expect([silent.received.length, silent.ended, next.ended]).toEqual([3, false, false])
  })

  it('cut: half of a message, then the end', async () => {
    const { proxy, open } = setUp
    const client = await open('hello')
    expect(proxy.cut('down')).toBe(1)
    client.socket.write('0123456789')
    await client.untilEnded()
    expect(client.received.toString()).toMatch(/^hello(01234)?$/)
    expect(proxy.stats.cuts).toBe(1)
  })
})
