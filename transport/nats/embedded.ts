/**
 * A private nats-server, for one job on one host.
 *
 * - S1 It never outlives this process, also when that is killed with -9.
 * - S2 When it dies unasked it is started again on its own port and folder, so that clients reconnect and its
 *   JetStream data is there; delays double, and a server that cannot start is given up after `launchesMax`.
 * - S3 A folder that was made here is removed by `stop`; a given one is left as it is.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../../core/log.ts'
import { silentLog } from '../../core/log.ts'
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
  /** When the server died unasked; `willRestart` is false when it was given up. */
  onExit(handler: (exit: ServerExit & { readonly willRestart: boolean }) => void): void
  stop(): Promise<void>
}

const launchesMax = 10
const firstDelayMs = 50
const delayMsMax = 2_000
const stopTimeoutMs = 2_000

export async function startEmbeddedNats(options: EmbeddedNatsOptions = {}): Promise<EmbeddedNats> {
  const log = options.log ?? silentLog
  const binary = findNatsServer(process.env)
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'millrace-nats-')))
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
  const handlers: ((exit: ServerExit & { readonly willRestart: boolean }) => void)[] = []
  const tell = (exit: ServerExit, willRestart: boolean): void => {
    for (const handler of handlers) handler({ ...exit, willRestart })
  }
  let stopping = false

  const relaunch = async (exit: ServerExit): Promise<boolean> => {
    for (let launches = 0; launches < launchesMax && !stopping; launches += 1) {
      await sleep(Math.min(firstDelayMs * 2 ** launches, delayMsMax))
      if (stopping) return false
      try {
        server = await launch(port)
        if (stopping) server.kill('SIGKILL')
        return true
      } catch (error) {
        log('error', 'the private nats-server did not start again', {
          launches: launches + 1,
          error,
          ...exit,
        })
      }
    }
    return false
  }
  const supervise = async (): Promise<void> => {
    for (;;) {
      const exit = await server.exited
      if (stopping) return
      log('warn', 'the private nats-server died and is started again', { ...exit, port })
      tell(exit, true)
      if (await relaunch(exit)) continue
      if (!stopping) tell(exit, false)
      return
    }
  }
  const supervised = supervise()

  return {
    url: `nats://127.0.0.1:${port}`,
    folder,
    get pid() {
      return server.pid
    },
    onExit: (handler) => void handlers.push(handler),
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
