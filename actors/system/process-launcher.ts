/** Workers as child processes of this one, joined by NATS. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { WorkerId } from '../../core/ids.ts'
import type { Log, Timers } from '../../core/ports/index.ts'
import type { Channel } from '../../transport/channel.ts'
import { Conversation } from '../kit/conversation.ts'
import { decodeEnvelope, encodeEnvelope } from '../kit/envelope.ts'
import type { WorkerEvents, WorkerHandle, WorkerHost } from '../worker/host.ts'
import type { FromWorker } from '../worker/messages.ts'
import { watchChild } from './guardian.ts'
import { coordinatorAddress, workerBootVariable, type WorkerBoot } from './worker-boot.ts'

export interface ProcessHostOptions {
  readonly boot: Omit<WorkerBoot, 'worker'>
  readonly channel: Channel
  readonly timers: Timers
  readonly log: Log
}

export function processHost(options: ProcessHostOptions): WorkerHost {
  const { channel } = options
  const conversations = new Map<string, Conversation>()
  channel.onControl((bytes) => {
    const envelope = decodeEnvelope(bytes)
    if (envelope) conversations.get(envelope.from)?.receive(envelope)
  })
  const children = new Set<ChildProcess>()

  return {
    transport: 'nats',
    start(id, events) {
      const conversation = new Conversation({
        self: coordinatorAddress,
        timers: options.timers,
        transmit: (envelope) => channel.publishControl(id, encodeEnvelope(envelope)),
        deliver: (body) => events.message(body as FromWorker),
      })
      conversations.set(id, conversation)
      const child = startChild(options, id, {
        message: events.message,
        lost(reason) {
          conversation.close()
          conversations.delete(id)
          children.delete(child)
          events.lost(reason)
        },
      })
      children.add(child)
      return handleOf(id, child, conversation)
    },
    async close() {
      await Promise.all([...children].map(endChild))
      await channel.close()
    },
  }
}

function handleOf(id: WorkerId, child: ChildProcess, conversation: Conversation): WorkerHandle {
  return {
    id,
    pid: child.pid ?? 0,
    send: (message) => conversation.send(message),
    kill: () => void child.kill('SIGKILL'),
  }
}

function startChild(options: ProcessHostOptions, id: WorkerId, events: WorkerEvents): ChildProcess {
  const boot: WorkerBoot = { ...options.boot, worker: id }
  const output = process.env.MILLRACE_JSON === '1' ? 2 : 'inherit'
  const stdio: StdioOptions = ['ignore', output, 'inherit', 'pipe']
  const child = spawn(process.execPath, commandOf(boot), {
    stdio,
    env: { ...process.env, [workerBootVariable]: JSON.stringify(boot) },
  })
  const unwatch = watchChild(child.stdio[3] as Duplex, () => child.kill('SIGKILL'))
  let gone = false
  const lost = (reason: string): void => {
    if (gone) return
    gone = true
    unwatch()
    events.lost(reason)
  }
  child.on('exit', (code, signal) => lost(signal === null ? `exit code ${code}` : `signal ${signal}`))
  child.on('error', (error) => lost(error.message))
  return child
}

/** With an entry, a small script of ours loads it; without one, this process's own script runs again. */
function commandOf(boot: WorkerBoot): string[] {
  if (boot.entry === undefined) return [...process.execArgv, ...process.argv.slice(1)]
  const typescript = /\.[mc]?ts$/.test(boot.entry)
    ? ['--import', built('cli/typescript/register.js').href]
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
