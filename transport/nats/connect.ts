/**
 * Core NATS as a channel.
 *
 * - N1 Two subscriptions a worker, without wildcards: `<prefix>.<self>.d` for frames, `<prefix>.<self>.c` for
 *   control. Subjects grow with workers, not with links.
 * - N2 What is published while disconnected is dropped here and counted: the client would keep it in a buffer
 *   that its next dial throws away.
 * - N3 Reconnects go on for ever; only `close` ends a channel. Nothing here rejects later on its own.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type NatsConnection, type Status } from '@nats-io/transport-node'
import type { Log } from '../../core/log.ts'
import { silentLog } from '../../core/log.ts'
import { reportError } from '../../core/errors.ts'
import type { Address, Channel, ChannelStatus } from '../channel.ts'
import { TransportError } from '../errors.ts'
import { parseServerAddress } from './server-address.ts'

export interface NatsChannelOptions {
  /** `nats://[user:password@]host[:port]`; several with commas in between. */
  readonly url: string
  /** First tokens of every subject: tells jobs apart that share a server. */
  readonly prefix: string
  readonly self: Address
  readonly log?: Log
  /** How long the first connect may take. */
  readonly connectTimeoutMs?: number
}

export interface NatsChannel extends Channel {
  readonly stats: NatsChannelStats
}

export interface NatsChannelStats {
  readonly reconnects: number
  /** Messages dropped while disconnected (N2). */
  readonly droppedDisconnected: number
}

const pingIntervalMs = 5_000
/** Missed pings after which a half-open connection is given up. */
const pingsMissedMax = 2
const reconnectDelayMs = 100
const reconnectJitterMs = 150
const closeFlushMs = 1_000

const token = /^[A-Za-z0-9_-]+$/
const subjects = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/

export async function connectNats(options: NatsChannelOptions): Promise<NatsChannel> {
  checkToken('prefix', options.prefix, subjects)
  checkToken('self', options.self, token)
  const address = parseServerAddress(options.url)
  const { user, pass, token: secret } = address
  const connection = await connect({
    servers: address.servers,
    ...(user === undefined ? {} : { user }),
    ...(pass === undefined ? {} : { pass }),
    ...(secret === undefined ? {} : { token: secret }),
    ...(address.tls ? { tls: {} } : {}),
    name: `${options.prefix}.${options.self}`,
    timeout: options.connectTimeoutMs ?? 5_000,
    maxReconnectAttempts: -1,
    reconnectDelayHandler: () => reconnectDelayMs + Math.floor(Math.random() * reconnectJitterMs),
    pingInterval: pingIntervalMs,
    maxPingOut: pingsMissedMax,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
  }).catch((cause: unknown) => {
    throw new TransportError(
      'NATS_UNREACHABLE',
      `expected a NATS server at ${address.shown}, found none that lets us in (${reasonOf(cause)}); start one, correct the address, or use 'embedded'`,
      { cause, details: { url: address.shown } },
    )
  })
  const channel = new ConnectedChannel(connection, options)
  // Subscribed for sure before anyone is told that we are here; a connection lost meanwhile subscribes again.
  await connection.flush().catch(() => undefined)
  return channel
}

class ConnectedChannel implements NatsChannel {
  readonly self: Address
  connected = true
  private readonly connection: NatsConnection
  private readonly prefix: string
  private readonly log: Log
  private readonly statusHandlers: ((status: ChannelStatus) => void)[] = []
  private frameHandler: (bytes: Uint8Array) => void = () => undefined
  private controlHandler: (bytes: Uint8Array) => void = () => undefined
  private readonly statusLoop: Promise<void>
  private reconnects = 0
  private droppedDisconnected = 0

  constructor(connection: NatsConnection, options: NatsChannelOptions) {
    this.connection = connection
    this.self = options.self
    this.prefix = options.prefix
    this.log = options.log ?? silentLog
    this.subscribe('d', (bytes) => this.frameHandler(bytes))
    this.subscribe('c', (bytes) => this.controlHandler(bytes))
    this.statusLoop = this.followStatus()
  }

  get messageBytesMax(): number {
    // Undefined while reconnecting; NATS's default then.
    return this.connection.info?.max_payload ?? 1024 * 1024
  }

  get stats(): NatsChannelStats {
    return { reconnects: this.reconnects, droppedDisconnected: this.droppedDisconnected }
  }

  publishFrame(to: Address, frame: Uint8Array): void {
    this.publish(`${this.prefix}.${to}.d`, frame)
  }

  publishControl(to: Address, message: Uint8Array): void {
    this.publish(`${this.prefix}.${to}.c`, message)
  }

  onFrame(handler: (bytes: Uint8Array) => void): void {
    this.frameHandler = handler
  }

  onControl(handler: (bytes: Uint8Array) => void): void {
    this.controlHandler = handler
  }

  onStatus(handler: (status: ChannelStatus) => void): void {
    this.statusHandlers.push(handler)
  }

  async close(): Promise<void> {
    // A flush delivers what was published last; a server that is gone or frozen is not waited for.
    const flushed = this.connected ? this.connection.flush().catch(() => undefined) : undefined
    await Promise.race([flushed, sleep(closeFlushMs, undefined, { ref: false })])
    await this.connection.close()
    await this.statusLoop
  }

  private publish(subject: string, bytes: Uint8Array): void {
    if (!this.connected) {
      this.droppedDisconnected += 1
      return
    }
    try {
      this.connection.publish(subject, bytes)
    } catch (error) {
      // Closed or draining meanwhile: lost like any other message. A message too large would be our own fault.
      this.droppedDisconnected += 1
      if (!this.connection.isClosed()) this.log('error', 'NATS refused a message', reasonFields(error))
    }
  }

  private subscribe(kind: 'd' | 'c', handler: (bytes: Uint8Array) => void): void {
    this.connection.subscribe(`${this.prefix}.${this.self}.${kind}`, {
      callback: (error, message) => {
        if (error) return this.log('error', 'NATS refused a subscription', reasonFields(error))
        try {
          handler(message.data)
        } catch (failure) {
          // The client's parser must not see it: it would lose its place in the stream.
          this.log('error', 'a message handler threw', { ...reportError(failure) })
        }
      },
    })
  }

  private async followStatus(): Promise<void> {
    for await (const status of this.connection.status()) this.onClientStatus(status)
    this.setStatus('closed')
  }

  private onClientStatus(status: Status): void {
    switch (status.type) {
      case 'disconnect':
        return this.setStatus('disconnected')
      case 'reconnect':
        this.reconnects += 1
        return this.setStatus('connected')
      case 'error':
        return this.log('error', 'NATS reports an error', reasonFields(status.error))
      default:
        return this.log('debug', `NATS connection: ${status.type}`)
    }
  }

  private setStatus(status: ChannelStatus): void {
    this.connected = status === 'connected'
    this.log('info', `NATS ${status}`)
    for (const handler of this.statusHandlers) handler(status)
  }
}

function checkToken(what: string, value: string, pattern: RegExp): void {
  if (pattern.test(value)) return
  throw new TransportError(
    'NATS_OPTIONS',
    `${what} becomes part of a subject: expected A-Z a-z 0-9 _ -${pattern === subjects ? ', dots in between' : ''}, got ${JSON.stringify(value)}`,
  )
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const reasonFields = (error: unknown): { reason: string } => ({ reason: reasonOf(error) })
