/**
 * The thread that watches over a worker process, in it and from its parent.
 *
 * - A pipe joins parent and child. When the parent is gone, however it ended, the pipe closes and the thread
 *   kills its process: also when the event loop is blocked.
 * - Over the pipe the thread says every half second that the process lives, and how long its event loop has been
 *   busy with one turn, and with whose. A process that says nothing at all is stopped or hung, and is killed before
 *   it is replaced; one that is busy with one turn for `busyMsMax` is stuck, and is killed too.
 * - Busy time is counted in beats of the thread: what the machine or the process slept is none.
 */
import type { Duplex } from 'node:stream'
import { Worker } from 'node:worker_threads'
import type { TurnBoard } from '../worker/turn-board.ts'
import { beatMs, BeatReader } from './beats.ts'

/** The file descriptor of the pipe in the child. */
const guardianFd = 3
const silentMsMax = 10_000
/** Until its first word: it may have much to load. */
const startMsMax = 60_000
const boardBytes = 64 * 1024

const thread = `
const { workerData } = require('node:worker_threads')
const { Socket } = require('node:net')
const { fd, turns, board, beatMs } = workerData
const end = () => process.kill(process.pid, 'SIGKILL')
const pipe = new Socket({ fd, readable: true, writable: true })
pipe.on('end', end).on('close', end).on('error', end)
pipe.resume()
const whose = () => {
  try {
    const text = Buffer.from(board.slice(0, Atomics.load(turns, 2))).toString('utf8')
    return JSON.parse(text)[Atomics.load(turns, 1)] ?? null
  } catch {
    return null
  }
}
let seen = -1
let busyBeats = 0
const say = () => pipe.write(JSON.stringify(busyBeats === 0 ? { busyBeats } : { busyBeats, task: whose() }) + '\\n')
// The first word at once: from now on ten seconds of silence are too many.
say()
setInterval(() => {
  const now = Atomics.load(turns, 0)
  busyBeats = now === seen ? busyBeats + 1 : 0
  seen = now
  say()
}, beatMs)
`

export interface Guardian {
  readonly board: TurnBoard
  /** Ends the watch. */
  stop(): void
}

/** In a worker process: dies with its parent from now on. */
export function startGuardian(): Guardian {
  // Turns of the event loop, the task whose turn it is, and how long the text of the tasks is.
  const turns = new Int32Array(new SharedArrayBuffer(12))
  const text = new Uint8Array(new SharedArrayBuffer(boardBytes))
  Atomics.store(turns, 1, -1)
  const beat = setInterval(() => Atomics.add(turns, 0, 1), beatMs / 2)
  const workerData = { fd: guardianFd, turns, board: text, beatMs }
  const worker = new Worker(thread, { eval: true, workerData })
  beat.unref()
  worker.unref()
  return {
    board: {
      tasks(labels) {
        const bytes = Buffer.from(JSON.stringify(labels))
        // Without names where there are more than fit: a stuck worker is ended all the same.
        const written = bytes.length <= boardBytes ? bytes.length : 0
        text.set(bytes.subarray(0, written))
        Atomics.store(turns, 2, written)
      },
      turn: (number) => void Atomics.store(turns, 1, number),
    },
    stop() {
      clearInterval(beat)
      void worker.terminate()
    },
  }
}

export interface ChildWatch {
  readonly busyMsMax: number
  /** It said nothing for ten seconds that this process was awake, or nothing at all for a minute. */
  readonly silent: () => void
  /** It has been busy with one turn for `busyMsMax`: the turn of `task`, where that is known. */
  readonly stuck: (task: string | null) => void
}

/** In the parent. The returned function ends the watch. */
export function watchChild(pipe: Duplex, { busyMsMax, silent, stuck }: ChildWatch): () => void {
  let heardMs = performance.now()
  let checkedMs = heardMs
  let patienceMs = startMsMax
  const beats = new BeatReader()
  pipe.on('data', (chunk: Buffer) => {
    heardMs = performance.now()
    patienceMs = silentMsMax
    const { busyMs, task } = beats.read(chunk)
    if (busyMs >= busyMsMax) stuck(task)
  })
  pipe.on('error', () => undefined)
  const check = setInterval(() => {
    const nowMs = performance.now()
    // What this process slept is not the child's silence.
    heardMs += Math.max(0, nowMs - checkedMs - 2 * beatMs)
    checkedMs = nowMs
    if (nowMs - heardMs > patienceMs) silent()
  }, beatMs)
  check.unref()
  return () => clearInterval(check)
}
