/**
 * A private nats-server, for one job on one host.
 *
 * - S1 It never outlives this process, also when that is killed with -9.
 * - S2 When it dies unasked it is started again on its own port and folder, so that clients reconnect and its
 *   JetStream data is there; delays double, and a server that cannot start is given up after `launchesMax`.
 * - S3 A folder that was made here is removed by `stop`, or after a `kill -9` by the next start on this host; a
 *   given one is left as it is.
 */
import { mkdir, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../../core/log.ts'
import { silentLog } from '../../core/log.ts'
import { makeOwnedFolder } from '../../core/system/owned-folder.ts'
import { TransportError } from '../errors.ts'
import { findNatsServer } from './server-binary.ts'
import { launchServer, type LaunchOptions, type ServerExit, type ServerProcess } from './server-process.ts'

export interface EmbeddedNatsOptions {
  /** Where JetStream keeps its data; default: a temporary folder. */
  readonly folder?: string
  /** Default: a free one. */
  readonly port?: number
  readonly log?: Log
  /** How the server is tied to this process; for tests. */
  readonly guard?: NonNullable<LaunchOptions['guard']>
}

export interface EmbeddedNats {
  readonly url: string
  /** Of the server that runs now; changes with a restart. */
  readonly pid: number
  readonly folder: string
  watch(watcher: EmbeddedNatsWatcher): void
  stop(): Promise<void>
}

export interface EmbeddedNatsWatcher {
  /** The server died unasked. */
  readonly died?: (pid: number, exit: ServerExit) => void
  /** It is back. */
  readonly restarted?: (pid: number) => void
  /** It does not start any more. */
  readonly givenUp?: (error: TransportError) => void
}

const launchesMax = 10
const firstDelayMs = 50
const delayMsMax = 2_000
const stopTimeoutMs = 2_000

export async function startEmbeddedNats(options: EmbeddedNatsOptions = {}): Promise<EmbeddedNats> {
  const log = options.log ?? silentLog
  const binary = findNatsServer(process.env)
  const folder = options.folder ?? (await makeOwnedFolder('millrace-nats'))
  const removeFolder = async (): Promise<void> => {
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true })
  }
  await mkdir(folder, { recursive: true })
  const launch = (port: number): Promise<ServerProcess> =>
    launchServer({ binary, folder, port, ...(options.guard ? { guard: options.guard } : {}) })

  let server: ServerProcess
  try {
    server = await launch(options.port ?? -1)
  } catch (error) {
    await removeFolder()
    throw error
  }
  const { port } = server
  const watchers: EmbeddedNatsWatcher[] = []
  let stopping = false

  const relaunch = async (exit: ServerExit): Promise<'back' | 'stopping' | TransportError> => {
    let failure: unknown
    for (let launches = 0; launches < launchesMax; launches += 1) {
      await sleep(Math.min(firstDelayMs * 2 ** launches, delayMsMax))
      if (stopping) return 'stopping'
      try {
        server = await launch(port)
        if (stopping) server.kill('SIGKILL')
        return 'back'
      } catch (error) {
        failure = error
        log('error', 'the private nats-server did not start again', {
          launches: launches + 1,
          error,
          ...exit,
        })
      }
    }
    return stopping ? 'stopping' : givenUp(port, failure)
  }
  const supervise = async (): Promise<void> => {
    for (;;) {
      const exit = await server.exited
      if (stopping) return
      log('warn', 'the private nats-server died and is started again', { ...exit, port })
      for (const { died } of watchers) died?.(server.pid, exit)
      const outcome = await relaunch(exit)
      if (outcome === 'stopping') return
      if (outcome !== 'back') {
        for (const watcher of watchers) watcher.givenUp?.(outcome)
        return
      }
      for (const { restarted } of watchers) restarted?.(server.pid)
    }
  }
  const supervised = supervise()

  return {
    url: `nats://127.0.0.1:${port}`,
    folder,
    get pid() {
      return server.pid
    },
    watch: (watcher) => void watchers.push(watcher),
    async stop() {
      stopping = true
      server.kill('SIGTERM')
      const patience = new AbortController()
      const impatient = sleep(stopTimeoutMs, undefined, { signal: patience.signal }).then(
        () => server.kill('SIGKILL'),
        () => undefined,
      )
      await supervised
      patience.abort()
      await impatient
      await removeFolder()
    },
  }
}

const givenUp = (port: number, cause: unknown): TransportError =>
  new TransportError(
    'NATS_SERVER_FAILED',
    `the private nats-server died and did not start again on port ${port} in ${launchesMax} attempts: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause, details: { port } },
  )
