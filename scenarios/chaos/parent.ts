/** One life of the command under fire: a process that prints events as JSON lines, until it ends. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { JobEvent } from '../../index.ts'
import { guarded } from '../../transport/nats/server-binary.ts'

export interface ParentOptions {
  readonly nats: string
  readonly checkpoints: string
  readonly env: NodeJS.ProcessEnv
  readonly observe: (event: JobEvent) => void
}

export interface ParentExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The end of what it printed on standard error. */
  readonly stderr: string
  /** A line on standard output that is no event; a kill may cut one. */
  readonly garbage: string | undefined
}

const everyMs = 150
const workers = 3
const stderrCharsKept = 4_000

/** What was built beside this module. */
const built = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export class Parent {
  readonly exited: Promise<ParentExit>
  private readonly child: ChildProcess
  private killed = false

  constructor({ nats, checkpoints, env, observe }: ParentOptions) {
    const args = [
      ...[built('../../cli/main.js'), 'run', built('./flow.js'), '--json', '--nats', nats],
      ...['--workers', String(workers), '--checkpoints', checkpoints, '--every', String(everyMs)],
    ]
    // It must not outlive the harness either, where the kernel can see to it; its process id is the command's own.
    const guard = guarded(process.execPath, args)
    const [command, given] = guard.needsStdin ? [process.execPath, args] : [guard.command, guard.args]
    const child = spawn(command, given, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    this.child = child
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-stderrCharsKept)
    })
    let garbage: string | undefined
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = parseEvent(line)
      if (!event) garbage ??= line
      else if (!this.killed) observe(event)
    })
    this.exited = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void =>
        resolve({ code, signal, stderr, garbage: this.killed ? undefined : garbage })
      child.once('error', (error) => {
        stderr += error.message
        end(null, null)
      })
      // Its workers hold its output open: a killed one is started again while they are still dying.
      child.once('exit', (code, signal) => {
        if (this.killed) end(code, signal)
      })
      child.once('close', end)
    })
  }

  get wasKilled(): boolean {
    return this.killed
  }

  /** True when it was alive. What it still says is not told any more. */
  kill(): boolean {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return false
    this.killed = this.child.kill('SIGKILL')
    return this.killed
  }
}

function parseEvent(line: string): JobEvent | undefined {
  try {
    return JSON.parse(line) as JobEvent
  } catch {
    return undefined
  }
}
