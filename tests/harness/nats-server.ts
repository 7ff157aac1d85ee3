/** A server that nobody supervises; started again on a port, it is the same for its clients. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { findNatsServer, guarded } from '../../transport/nats/server-binary.ts'
import { launchServer, type ServerProcess } from '../../transport/nats/server-process.ts'
import { temporaryFolder } from './ledger.ts'

export interface LoggedServer extends ServerProcess {
  /** What it wrote to its log so far. */
  log(): string
}

/** `config` is its configuration file's text. */
export async function startServer({ port = -1, config = '' } = {}): Promise<LoggedServer> {
  const folder = temporaryFolder()
  const file = join(folder, 'config')
  writeFileSync(file, config)
  const server = await launchServer({
    binary: findNatsServer(process.env),
    folder,
    port,
    guard: (binary, args) => guarded(binary, [...args, '-c', file]),
  })
  onTestFinished(() => server.kill('SIGKILL'))
  return { ...server, log: () => readFileSync(join(folder, 'log'), 'utf8') }
}

export const urlOf = ({ port }: ServerProcess): string => `nats://127.0.0.1:${port}`
