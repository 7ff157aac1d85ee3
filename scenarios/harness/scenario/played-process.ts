/** One process of a played scenario, with its workers: what it tells, and how it ends. */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { JobEvent } from '../../../index.ts'
import { playVariable, type PlayBoot, type PlayFailed } from './play-boot.ts'

export type PlayEnd =
  | { readonly kind: 'finished' }
  | { readonly kind: 'killed' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

const lookEveryMs = 20
const stderrKept = 4_000
/** Its workers inherit it: what leaks is out of memory soon. */
const heapMax = '--max-old-space-size=256'

export class PlayedProcess {
  readonly ended: Promise<PlayEnd>
  private readonly child: ChildProcess
  private over = false
  private failure: PlayFailed | undefined
  private stderr = ''

  constructor(boot: PlayBoot, observe: (event: JobEvent) => void) {
    this.child = spawn(process.execPath, [heapMax, ...typescriptFor(boot.module), fileURLToPath(playerUrl)], {
      // A group of its own, so that nothing of it is left behind.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, MILLRACE_JSON: '1', TMPDIR: boot.points, [playVariable]: JSON.stringify(boot) },
    })
    const { stdout, stderr } = this.child
    if (stdout) createInterface({ input: stdout }).on('line', (line) => this.onLine(line, observe))
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-stderrKept)
    })
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject)
      this.child.on('exit', () => (this.over = true))
      this.child.on('close', (code, signal) => resolve(this.endOf(code, signal)))
    })
  }

  /** Resolves to true when the process was stopped, to false when it ended instead. */
  async stopped(): Promise<boolean> {
    while (!this.over) {
      if (stateOf(this.child.pid ?? 0) === 'T') return true
      await sleep(lookEveryMs)
    }
    return false
  }

  continue(): void {
    this.signal('SIGCONT')
  }

  /** It and whatever it started. */
  kill(): void {
    this.signal('SIGKILL')
  }

  private signal(signal: NodeJS.Signals): void {
    try {
      if (this.child.pid !== undefined) process.kill(-this.child.pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  private onLine(line: string, observe: (event: JobEvent) => void): void {
    const event = JSON.parse(line) as JobEvent | PlayFailed
    if (event.event === 'play.failed') this.failure = event
    else observe(event)
  }

  private endOf(code: number | null, signal: string | null): PlayEnd {
    if (signal === 'SIGKILL') return { kind: 'killed' }
    if (code === 0) return { kind: 'finished' }
    const { failure, stderr } = this
    return {
      kind: 'failed',
      code: failure?.code ?? 'PROCESS_ENDED',
      message: failure?.message ?? `exit code ${code}, signal ${signal}: ${stderr}`,
    }
  }
}

const fromSource = import.meta.url.endsWith('.ts')
/** Processes load what was built, also when this module itself runs from source (in tests). */
const playerUrl = builtOf(new URL(fromSource ? './player.ts' : './player.js', import.meta.url))

/** The built counterpart of a module of this project; any other module as it is. */
export function builtOf(module: URL): URL {
  const root = new URL(fromSource ? '../../../' : '../../../../', import.meta.url).href
  if (!fromSource || !module.href.startsWith(root)) return module
  return new URL(`${root}dist/${module.href.slice(root.length).replace(/\.ts$/, '.js')}`)
}

function typescriptFor(module: string): readonly string[] {
  if (!/\.[mc]?ts$/.test(module)) return []
  const register = new URL('../../../actors/system/typescript/register.ts', import.meta.url)
  return ['--import', builtOf(register).href.replace(/\.ts$/, '.js')]
}

/** `pid (command) state …`, where the command may hold anything. */
function stateOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[0] ?? ''
  } catch {
    return ''
  }
}
