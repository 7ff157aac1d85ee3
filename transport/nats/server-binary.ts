import { accessSync, constants } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { TransportError } from '../errors.ts'

/** Path of the nats-server to start: `NATS_SERVER`, else the first in PATH. */
export function findNatsServer(env: NodeJS.ProcessEnv): string {
  const given = env['NATS_SERVER']
  if (given !== undefined && given !== '') {
    if (isExecutable(given)) return given
    throw missing(`NATS_SERVER names ${given}, which is no program that can be started; correct or unset it`)
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const found = folders.map((folder) => join(folder, 'nats-server')).find(isExecutable)
  if (found !== undefined) return found
  throw missing(
    'no nats-server in PATH; install it (apt-get install nats-server, brew install nats-server, or https://github.com/nats-io/nats-server/releases), set NATS_SERVER to its path, or give the URL of a running one',
  )
}

const missing = (message: string): TransportError => new TransportError('NATS_SERVER_MISSING', message)

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A command line, and whether its process lives as long as its standard input stays open. */
export interface GuardedCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly needsStdin: boolean
}

/**
 * Starts the server, and kills it when its input ends or it is done. `cat` reads through another descriptor,
 * since a shell gives what runs in its background an empty input.
 */
const guardian = `exec 3<&0
"$@" </dev/null 3<&- &
server=$!
( cat <&3 >/dev/null; kill -KILL $server ) 2>/dev/null &
wait $server`

/** Of util-linux; busybox has one that cannot do this. */
const setpriv = 'setpriv'

let hasSetpriv: boolean | undefined

/** The command that dies with this process, also when that is killed with -9: by the kernel, else by a guardian. */
export function guarded(command: string, args: readonly string[]): GuardedCommand {
  hasSetpriv ??=
    process.platform === 'linux' &&
    spawnSync(setpriv, ['--pdeathsig', 'KILL', '--', 'true'], { stdio: 'ignore' }).status === 0
  return hasSetpriv ? byKernel(command, args) : byGuardian(command, args)
}

export const byKernel = (command: string, args: readonly string[]): GuardedCommand => ({
  command: setpriv,
  args: ['--pdeathsig', 'KILL', '--', command, ...args],
  needsStdin: false,
})

export const byGuardian = (command: string, args: readonly string[]): GuardedCommand => ({
  command: 'sh',
  args: ['-c', guardian, 'guardian', command, ...args],
  needsStdin: true,
})
