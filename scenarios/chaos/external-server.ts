/** A nats-server that belongs to nobody under fire: the harness kills it, and starts it again on its port. */
import { mkdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { findNatsServer } from '../../transport/nats/server-binary.ts'
import { launchServer, type ServerProcess } from '../../transport/nats/server-process.ts'

export class ExternalServer {
  readonly url: string
  private readonly folder: string
  private server: ServerProcess
  private returning: Promise<void> | undefined
  private alive = true
  /** A launched server does not keep its user's process alive, and here its end is waited for. */
  private readonly hold = setInterval(() => undefined, 1_000)

  static async start(folder: string): Promise<ExternalServer> {
    await mkdir(folder, { recursive: true })
    return new ExternalServer(folder, await launch(folder, -1))
  }

  private constructor(folder: string, server: ServerProcess) {
    this.folder = folder
    this.server = server
    this.url = `nats://127.0.0.1:${server.port}`
  }

  /** True when it was alive; it is back `awayMs` after its end. */
  kill(awayMs: number): boolean {
    if (!this.alive) return false
    this.alive = false
    this.server.kill('SIGKILL')
    this.returning = this.comeBack(awayMs)
    // `up` tells it.
    this.returning.catch(() => undefined)
    return true
  }

  /** Resolves when it is there again. */
  async up(): Promise<void> {
    await this.returning
  }

  get isUp(): boolean {
    return this.alive
  }

  async stop(): Promise<void> {
    await this.returning?.catch(() => undefined)
    this.server.kill('SIGKILL')
    await this.server.exited
    clearInterval(this.hold)
  }

  private async comeBack(awayMs: number): Promise<void> {
    await this.server.exited
    await sleep(awayMs)
    this.server = await launch(this.folder, this.server.port)
    this.alive = true
  }
}

const launch = (folder: string, port: number): Promise<ServerProcess> =>
  launchServer({ binary: findNatsServer(process.env), folder, port })
