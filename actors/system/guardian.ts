/**
 * The thread that watches over a worker process, in it and from its parent.
 *
 * - A pipe joins parent and child. When the parent is gone, however it ended, the pipe closes and the thread
 *   kills its process: also when the event loop is blocked.
 * - Over the pipe the thread says every half second that the process lives, and whether its event loop moves
 *   (`a`) or is busy (`b`). A process that says nothing at all is stopped or hung, one that is busy without end is in
 *   a loop: both are killed before they are replaced.
 */
import type { Duplex } from 'node:stream'
import { Worker } from 'node:worker_threads'

/** The file descriptor of the pipe in the child. */
const guardianFd = 3
const beatMs = 500
const silentMsMax = 10_000
/** A turn of the event loop that takes longer is taken for an endless loop. */
const busyMsMax = 60_000
/** Until its first word: it may have much to load. */
const startMsMax = 60_000

/** `a` */
const moves = 0x61

const thread = `
const { workerData } = require('node:worker_threads')
const { Socket } = require('node:net')
const end = () => process.kill(process.pid, 'SIGKILL')
const pipe = new Socket({ fd: workerData.fd, readable: true, writable: true })
pipe.on('end', end).on('close', end).on('error', end)
pipe.resume()
let seen = -1
// The first word at once: from now on ten seconds of silence are too many.
pipe.write('a')
setInterval(() => {
  const turns = Atomics.load(workerData.turns, 0)
  pipe.write(turns === seen ? 'b' : 'a')
  seen = turns
}, workerData.beatMs)
`

/** In a worker process: dies with its parent from now on. The returned function ends the watch. */
export function startGuardian(): () => void {
  const turns = new Int32Array(new SharedArrayBuffer(4))
  const beat = setInterval(() => Atomics.add(turns, 0, 1), beatMs / 2)
  const worker = new Worker(thread, { eval: true, workerData: { fd: guardianFd, turns, beatMs } })
  beat.unref()
  worker.unref()
  return () => {
    clearInterval(beat)
    void worker.terminate()
  }
}

/**
 * In the parent: calls `hung` when the child said nothing for ten seconds that this process was awake, nothing at all
 * for a minute, or for a minute that it is busy.
 */
export function watchChild(pipe: Duplex, hung: () => void): () => void {
  let heardMs = performance.now()
  let movedMs = heardMs
  let checkedMs = heardMs
  let patienceMs = startMsMax
  pipe.on('data', (words: Uint8Array) => {
    heardMs = performance.now()
    if (words.includes(moves)) movedMs = heardMs
    patienceMs = silentMsMax
  })
  pipe.on('error', () => undefined)
  const check = setInterval(() => {
    const nowMs = performance.now()
    // What this process slept is not the child's silence.
    const sleptMs = Math.max(0, nowMs - checkedMs - 2 * beatMs)
    heardMs += sleptMs
    movedMs += sleptMs
    checkedMs = nowMs
    if (nowMs - heardMs > patienceMs || nowMs - movedMs > busyMsMax) hung()
  }, beatMs)
  check.unref()
  return () => clearInterval(check)
}
