/**
 * A process of its own process group, what it prints, and what is left of it and its descendants. Linux only (/proc).
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { onTestFinished, vi } from 'vitest'
import type { JobEvent } from '../../index.ts'

type Named<E extends JobEvent['event']> = Extract<JobEvent, { event: E }>

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const waitMsMax = 30_000
/** In the environment, which every descendant inherits. */
const markVariable = 'MILLRACE_TEST_MARK'

/** Whatever of it lives when the test is over is killed. */
export function start(
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): StartedProcess {
  const mark = randomUUID()
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
    env: { ...process.env, ...options.env, [markVariable]: mark },
  })
  const started = new StartedProcess(child, mark)
  onTestFinished(() => started.end())
  return started
}

export class StartedProcess {
  readonly pid: number
  /** Events that were printed as JSON lines so far. */
  readonly events: JobEvent[] = []
  /** Lines on standard output that are none. */
  readonly lines: string[] = []
  stderr = ''
  exit: Exit | undefined
  private closed = false
  private readonly mark: string
  private readonly waiting = new Set<() => void>()

  constructor(child: ChildProcess, mark: string) {
    this.mark = mark
    const { pid, stdout, stderr } = child
    if (pid === undefined || !stdout || !stderr) throw new Error('a process could not be started')
    this.pid = pid
    createInterface({ input: stdout }).on('line', (line) => this.onLine(line))
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      this.changed()
    })
    child.on('exit', (code, signal) => {
      this.exit = { code, signal }
      this.changed()
    })
    child.on('close', () => {
      this.closed = true
      this.changed()
    })
  }

  /** Events of one kind so far. */
  of<E extends JobEvent['event']>(event: E): Named<E>[] {
    return this.events.filter((each): each is Named<E> => each.event === event)
  }

  /** Workers that were started and not lost so far. */
  get workers(): { readonly worker: string; readonly pid: number }[] {
    const lost = new Set(this.of('worker.lost').map(({ worker }) => worker))
    return this.of('worker.started').filter(({ worker }) => !lost.has(worker))
  }

  get natsPid(): number {
    return this.of('nats.started').at(-1)?.pid ?? 0
  }

  /** Resolves when `condition` holds; fails when the process ends before, or after half a minute. */
  async until(what: string, condition: () => boolean): Promise<void> {
    await this.wait(what, () => {
      if (condition()) return true
      if (this.closed) throw new Error(`the process ended before ${what}\n${this.report()}`)
      return false
    })
  }

  /** Resolves at the n-th such event from here on. */
  async next<E extends JobEvent['event']>(event: E, n = 1): Promise<Named<E>> {
    const before = this.of(event).length
    await this.until(`${event}, ${n} from now`, () => this.of(event).length >= before + n)
    return this.of(event)[before + n - 1]!
  }

  /** Resolves when the process ended and nobody holds its output open. */
  async ended(): Promise<Exit> {
    await this.wait('its end', () => this.closed)
    return this.exit!
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal)
  }

  /** To every process of the group. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal)
  }

  /** Resolves when the process, or all of those given, are stopped (SIGSTOP). */
  async untilStopped(pids: readonly number[] = [this.pid]): Promise<void> {
    const waiting = { timeout: waitMsMax, interval: 10 }
    await vi.waitFor(() => {
      if (pids.some((pid) => stateOf(pid) !== 'T')) throw new Error(`it was not stopped\n${this.report()}`)
    }, waiting)
  }

  /** It and its descendants that live; all, or those of one program. */
  survivors(program = ''): number[] {
    return livingProcesses().filter(
      (pid) =>
        readProc(pid, 'environ').includes(`${markVariable}=${this.mark}`) && programOf(pid).includes(program),
    )
  }

  /** Resolves when nothing of it lives. */
  async untilGone(): Promise<void> {
    await vi.waitFor(() => expectNone(this.survivors()), { timeout: 5_000, interval: 20 })
  }

  end(): void {
    for (const pid of this.survivors()) process.kill(pid, 'SIGKILL')
  }

  private onLine(line: string): void {
    try {
      this.events.push(JSON.parse(line) as JobEvent)
    } catch {
      this.lines.push(line)
    }
    this.changed()
  }

  private wait(what: string, condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer)
        this.waiting.delete(check)
        act()
      }
      const check = (): void => {
        try {
          if (condition()) settle(resolve)
        } catch (error) {
          settle(() => reject(error instanceof Error ? error : new Error('it threw', { cause: error })))
        }
      }
      const timer = setTimeout(
        () => settle(() => reject(new Error(`waited in vain for ${what}\n${this.report()}`))),
        waitMsMax,
      )
      this.waiting.add(check)
      check()
    })
  }

  private changed(): void {
    for (const check of [...this.waiting]) check()
  }

  private report(): string {
    const events = this.events.slice(-30).map((event) => JSON.stringify(event))
    return [...events, ...this.lines.slice(-20), this.stderr.slice(-4_000)].join('\n')
  }
}

function expectNone(pids: readonly number[]): void {
  if (pids.length === 0) return
  const commands = pids.map((pid) => `${pid} ${readProc(pid, 'cmdline').replaceAll('\0', ' ')}`)
  throw new Error(`still alive: ${commands.join('; ')}`)
}

/** Zombies are dead: in a container nobody may bury them. */
function livingProcesses(): number[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
  return pids.filter((pid) => !['', 'Z', 'X'].includes(stateOf(pid)))
}

/** `pid (command) state …`, where the command may hold anything. */
function stateOf(pid: number): string {
  const text = readProc(pid, 'stat')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[0] ?? ''
}

const programOf = (pid: number): string => readProc(pid, 'cmdline').split('\0')[0] ?? ''

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
