/** One life of a nats-server child: from its start to its exit. */
import { spawn } from 'node:child_process'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TransportError } from '../errors.ts'
import { guarded, type GuardedCommand } from './server-binary.ts'

export interface ServerProcess {
  /** Of the server itself, not of its guardian. */
  readonly pid: number
  readonly port: number
  readonly exited: Promise<ServerExit>
  kill(signal: NodeJS.Signals): void
}

export interface ServerExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface LaunchOptions {
  readonly binary: string
  readonly folder: string
  /** −1: the server chooses a free one. */
  readonly port: number
  readonly guard?: (command: string, args: readonly string[]) => GuardedCommand
}

const pollMs = 3
const readyTimeoutMs = 10_000

/** Resolves when the server accepts connections; rejects with `NATS_SERVER_FAILED` when it ends before. */
export async function launchServer(options: LaunchOptions): Promise<ServerProcess> {
  const { binary, folder, port } = options
  await removePortsFiles(folder)
  const { command, args, needsStdin } = (options.guard ?? guarded)(binary, [
    ...['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', join(folder, 'js')],
    ...['--ports_file_dir', folder, '-l', join(folder, 'log')],
  ])
  // Detached: a terminal's Ctrl-C is for this process, which ends the server when it has no more use for it.
  const child = spawn(command, args, {
    stdio: [needsStdin ? 'pipe' : 'ignore', 'ignore', 'ignore'],
    detached: true,
  })
  let ended: ServerExit | undefined
  let failure: Error | undefined
  const exited = new Promise<ServerExit>((resolve) => {
    const end = (exit: ServerExit): void => {
      ended = exit
      child.stdin?.destroy()
      resolve(exit)
    }
    child.once('exit', (code, signal) => end({ code, signal }))
    child.once('error', (error) => {
      failure = error
      end({ code: null, signal: null })
    })
  })
  child.stdin?.on('error', () => undefined)
  const deadline = performance.now() + readyTimeoutMs
  while (!ended && performance.now() < deadline) {
    const ready = await readPortsFile(folder)
    if (ready) {
      // A server that nobody stopped must not keep its user's process alive; it dies with it.
      child.unref()
      ;(child.stdin as { unref?: () => void } | null)?.unref?.()
      return { ...ready, exited, kill: (signal) => void (ended ?? signalPid(ready.pid, signal)) }
    }
    await Promise.race([exited, sleep(pollMs)])
  }
  if (!ended) child.kill('SIGKILL')
  child.stdin?.destroy()
  throw await notStarted(folder, ended, failure)
}

async function removePortsFiles(folder: string): Promise<void> {
  const stale = (await readdir(folder)).filter((name) => name.endsWith('.ports'))
  await Promise.all(stale.map((name) => rm(join(folder, name), { force: true })))
}

/** `nats-server_<pid>.ports`: `{"nats":["nats://127.0.0.1:33445"]}`; undefined while absent or half written. */
async function readPortsFile(folder: string): Promise<{ pid: number; port: number } | undefined> {
  const name = (await readdir(folder)).find((each) => each.endsWith('.ports'))
  const pid = name === undefined ? undefined : /_(\d+)\.ports$/.exec(name)?.[1]
  if (name === undefined || pid === undefined) return undefined
  try {
    const { nats } = JSON.parse(await readFile(join(folder, name), 'utf8')) as { nats?: readonly string[] }
    const port = nats?.[0] === undefined ? undefined : /:(\d+)$/.exec(nats[0])?.[1]
    return port === undefined ? undefined : { pid: Number(pid), port: Number(port) }
  } catch {
    return undefined
  }
}

function signalPid(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Gone already.
  }
}

async function notStarted(
  folder: string,
  exit: ServerExit | undefined,
  cause?: Error,
): Promise<TransportError> {
  const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '')
  const lastLine = log.trimEnd().split('\n').at(-1) ?? ''
  const what = exit ? `ended with ${exit.signal ?? exit.code}` : `was not ready within ${readyTimeoutMs} ms`
  return new TransportError(
    'NATS_SERVER_FAILED',
    `the private nats-server ${what}: ${lastLine || 'no log'}`,
    {
      cause,
      details: { folder, ...exit },
    },
  )
}
