/** Workers as child processes of this one. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { WorkerId } from '../../core/ids.ts'
import type { Launcher } from '../worker/remote-host.ts'
import { watchChild } from './guardian.ts'
import { workerBootVariable, type WorkerBoot } from './worker-boot.ts'

export interface LaunchOptions {
  /** How long one turn of a worker's event loop may take. */
  readonly busyMsMax: number
}

export function processLauncher(common: Omit<WorkerBoot, 'worker'>, options: LaunchOptions): Launcher {
  const children = new Set<ChildProcess>()
  return {
    launch(id, lost) {
      const child = startChild({ ...common, worker: id }, options, (reason, stuckIn) => {
        children.delete(child)
        lost(reason, stuckIn)
      })
      children.add(child)
      return { pid: child.pid ?? 0, kill: () => void child.kill('SIGKILL') }
    },
    async close() {
      await Promise.all([...children].map(endChild))
    },
  }
}

function startChild(
  boot: WorkerBoot,
  { busyMsMax }: LaunchOptions,
  lost: (reason: string, stuckIn?: string) => void,
): ChildProcess {
  const output = process.env.MILLRACE_JSON === '1' ? 2 : 'inherit'
  const stdio: StdioOptions = ['ignore', output, 'inherit', 'pipe']
  const child = spawn(process.execPath, commandOf(boot), {
    stdio,
    env: { ...process.env, [workerBootVariable]: JSON.stringify(boot) },
  })
  let stuckIn: string | undefined
  const unwatch = watchChild(child.stdio[3] as Duplex, {
    busyMsMax,
    silent: () => child.kill('SIGKILL'),
    stuck: (task) => {
      stuckIn ??= task ?? 'code outside any task'
      child.kill('SIGKILL')
    },
  })
  let gone = false
  const ended = (reason: string): void => {
    if (gone) return
    gone = true
    unwatch()
    lost(stuckIn === undefined ? reason : `stuck in ${stuckIn} for ${busyMsMax} ms`, stuckIn)
  }
  child.on('exit', (code, signal) => ended(signal === null ? `exit code ${code}` : `signal ${signal}`))
  child.on('error', (error) => ended(error.message))
  return child
}

/** With an entry, a small script of ours loads it; without one, this process's own script runs again. */
function commandOf(boot: WorkerBoot & { readonly worker: WorkerId }): string[] {
  if (boot.entry === undefined) return [...process.execArgv, ...process.argv.slice(1)]
  const typescript = /\.[mc]?ts$/.test(boot.entry)
    ? ['--import', built('actors/system/typescript/register.js').href]
    : []
  return [...process.execArgv, ...typescript, fileURLToPath(built('actors/system/worker-main.js'))]
}

/** A child loads what was built, also when this module itself runs from source (in tests). */
const built = (path: string): URL =>
  new URL(import.meta.url.endsWith('.ts') ? `../../dist/${path}` : `../../${path}`, import.meta.url)

const shutdownMsMax = 2_000

/** A worker that was told to shut down exits by itself; one that does not is killed. */
async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), shutdownMsMax)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
