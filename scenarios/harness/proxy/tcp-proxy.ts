/**
 * A TCP proxy between a client and a server that does to their connections what networks do: delay, jitter, slow and
 * one-way links, partitions, half-open connections, resets, cuts in the middle of a message. Everything happens by a
 * call and is counted; nothing by itself.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Random } from '../../../core/ports/random.ts'
import { seededRandom } from '../../../core/simulated/random.ts'
import { FaultyPipe, type PipeFaults, type PipeStats } from './faulty-pipe.ts'

/** `up`: client to server. */
export type Direction = 'up' | 'down'

export interface ProxyStats {
  /** Connections that clients opened, ever. */
  connections: number
  open: number
  resets: number
  cuts: number
  /** Connections that went silent for good. */
  silenced: number
  readonly up: PipeStats
  readonly down: PipeStats
}

export interface TcpProxyOptions {
  readonly host?: string
  readonly port: number
  /** Of the jitter. Default 1. */
  readonly seed?: number
  /** So much may wait in one direction of a connection; then its sender is not read any more. Default 1 MiB. */
  readonly waitingBytesMax?: number
}

/** Which connections; by what the client said first (for NATS: its CONNECT, with its name). Default: all. */
export type Select = (hello: string) => boolean

const none: PipeFaults = { delayMs: 0, jitterMs: 0, bytesPerSecond: Infinity, held: false }
const helloCharsMax = 4_096
const waitingBytesDefault = 1024 * 1024
const all: Select = () => true

export class TcpProxy {
  readonly stats: ProxyStats = {
    connections: 0,
    open: 0,
    resets: 0,
    cuts: 0,
    silenced: 0,
    up: { chunks: 0, bytes: 0, delayed: 0, waitingBytesMax: 0 },
    down: { chunks: 0, bytes: 0, delayed: 0, waitingBytesMax: 0 },
  }
  private readonly server: Server
  private readonly target: { readonly host: string; readonly port: number }
  private readonly random: Random
  private readonly waitingBytesMax: number
  private readonly connections = new Set<Proxied>()
  private readonly faults: Record<Direction, { faults: PipeFaults; select: Select }> = {
    up: { faults: none, select: all },
    down: { faults: none, select: all },
  }

  /** Listens on a free port of the loopback. */
  static async listen(options: TcpProxyOptions): Promise<TcpProxy> {
    const proxy = new TcpProxy(options)
    await new Promise<void>((resolve, reject) => {
      proxy.server.once('error', reject).listen(0, '127.0.0.1', resolve)
    })
    return proxy
  }

  private constructor({
    host = '127.0.0.1',
    port,
    seed = 1,
    waitingBytesMax = waitingBytesDefault,
  }: TcpProxyOptions) {
    this.target = { host, port }
    this.waitingBytesMax = waitingBytesMax
    this.random = seededRandom(seed)
    this.server = createServer({ allowHalfOpen: true }, (client) => this.accept(client))
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** From now on, for one or both directions; what is not named stays as it is. */
  set(directions: Direction | 'both', faults: Partial<PipeFaults>, select: Select = all): void {
    for (const direction of directions === 'both' ? (['up', 'down'] as const) : [directions]) {
      this.faults[direction] = { faults: { ...this.faults[direction].faults, ...faults }, select }
    }
    for (const connection of this.connections) connection.changed()
  }

  /** No faults any more; silenced connections stay silent. */
  heal(): void {
    this.set('both', none)
  }

  /** Ends connections at once, as a RST does; returns how many. */
  reset(select: Select = all): number {
    const chosen = this.chosen(select)
    for (const connection of chosen) connection.reset()
    this.stats.resets += chosen.length
    return chosen.length
  }

  /** Both ends believe in the connection, and nothing passes any more, also after `heal`; returns how many. */
  halfOpen(select: Select = all): number {
    const chosen = this.chosen(select)
    for (const connection of chosen) connection.silence()
    this.stats.silenced += chosen.length
    return chosen.length
  }

  /** In the middle of their next chunk connections are reset; returns how many will be. */
  cut(direction: Direction, select: Select = all): number {
    const chosen = this.chosen(select)
    for (const connection of chosen) connection.cutNext(direction, () => (this.stats.cuts += 1))
    return chosen.length
  }

  /** Bytes that wait in the proxy now. */
  get bytesWaiting(): number {
    return [...this.connections].reduce((sum, connection) => sum + connection.bytesWaiting, 0)
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve))
    for (const connection of this.connections) connection.reset()
    await closed
  }

  private chosen(select: Select): Proxied[] {
    return [...this.connections].filter(({ hello }) => select(hello))
  }

  private accept(client: Socket): void {
    this.stats.connections += 1
    const server = connect({ ...this.target, allowHalfOpen: true })
    const { random, waitingBytesMax } = this
    const pipe =
      (direction: Direction) =>
      (sockets: Sockets): FaultyPipe => {
        const faults = (): PipeFaults => {
          const { faults: own, select } = this.faults[direction]
          return select(connection.hello) ? own : none
        }
        return new FaultyPipe(...sockets, { faults, random, stats: this.stats[direction], waitingBytesMax })
      }
    const connection: Proxied = new Proxied(client, server, {
      up: pipe('up'),
      down: pipe('down'),
      closed: () => {
        this.stats.open -= Number(this.connections.delete(connection))
      },
    })
    this.connections.add(connection)
    this.stats.open += 1
  }
}

type Sockets = readonly [from: Socket, to: Socket]

interface Making {
  readonly up: (sockets: Sockets) => FaultyPipe
  readonly down: (sockets: Sockets) => FaultyPipe
  readonly closed: () => void
}

class Proxied {
  hello = ''
  private readonly sockets: readonly Socket[]
  private readonly pipes: Record<Direction, FaultyPipe>

  constructor(client: Socket, server: Socket, { up, down, closed }: Making) {
    this.sockets = [client, server]
    client.on('data', (chunk: Buffer) => {
      if (this.hello.length < helloCharsMax) this.hello += chunk.toString('latin1', 0, helloCharsMax)
    })
    this.pipes = { up: up([client, server]), down: down([server, client]) }
    for (const socket of this.sockets) {
      socket.setNoDelay(true)
      socket.on('error', () => this.reset())
      socket.on('close', () => {
        for (const each of this.sockets) each.destroy()
        for (const pipe of Object.values(this.pipes)) pipe.close()
        closed()
      })
    }
  }

  get bytesWaiting(): number {
    return this.pipes.up.bytesWaiting + this.pipes.down.bytesWaiting
  }

  changed(): void {
    for (const pipe of Object.values(this.pipes)) pipe.changed()
  }

  reset(): void {
    for (const socket of this.sockets) socket.resetAndDestroy()
  }

  silence(): void {
    for (const socket of this.sockets) socket.removeAllListeners('data').resume()
  }

  cutNext(direction: Direction, done: () => void): void {
    this.pipes[direction].cutNext(() => {
      done()
      this.reset()
    })
  }
}
