/**
 * A process of the simulated world: everything that it waits for goes through its own ports, so that it can be
 * killed, or stopped and continued, at any moment.
 *
 * - Killed: nothing that it started ever comes back to it.
 * - Stopped: what comes back waits until it is continued, in order.
 */
import type { Failpoints, FileHandle, Files, Ports, Random } from '../../../core/ports/index.ts'
import { unit } from '../../../core/ports/random.ts'
import type { Log } from '../../../core/log.ts'
import type { Channel } from '../../../transport/channel.ts'
import type { VirtualTime } from '../../../core/simulated/time.ts'
import { observedChannel, type Observer } from './observer.ts'

export interface SimulatedProcessOptions {
  readonly name: string
  /** Of a worker: the process that started it. */
  readonly parent?: SimulatedProcess
  readonly time: VirtualTime
  readonly files: Files
  readonly random: Random
  readonly failpoints: Failpoints
  readonly log: Log
  /** Longest time that an operation on that path takes, ms. */
  readonly fileMs: (path: string) => number
  /** Called whenever something begins to run in this process: what follows, up to the next event, is its doing. */
  readonly entered: (process: SimulatedProcess) => void
  readonly observer?: Observer | undefined
}

/** Longest turn of a process's event loop, ms. */
const turnMsMax = 1

export class SimulatedProcess {
  readonly name: string
  readonly ports: Ports
  private readonly options: SimulatedProcessOptions
  private alive = true
  /** How many stops have not ended. */
  private stops = 0
  private waiting: (() => void)[] = []

  constructor(options: SimulatedProcessOptions) {
    this.options = options
    this.name = options.name
    const { time, random, failpoints, log, observer } = options
    this.ports = {
      ...(observer && { trace: (event) => this.alive && observer.trace(event) }),
      clock: time,
      random,
      log,
      // A sink does not say where it is.
      failpoints: {
        hit: (name, place) => this.alive && failpoints.hit(name, { worker: this.name, ...place }),
      },
      timers: {
        after: (delayMs, fn) => time.after(delayMs, () => this.enter(fn)),
        // Work takes no virtual time by itself: a turn of the event loop does.
        soon: (fn) => void time.after(unit(random) * turnMsMax, () => this.enter(fn)),
      },
      files: this.scopedFiles(options.files),
    }
  }

  get parent(): SimulatedProcess | undefined {
    return this.options.parent
  }

  get isAlive(): boolean {
    return this.alive
  }

  /** Runs `fn` in this process, now or when it is continued; never once it is dead. */
  enter(fn: () => void): void {
    if (!this.alive) return
    if (this.stops > 0) {
      this.waiting.push(fn)
      return
    }
    this.options.entered(this)
    fn()
  }

  kill(): void {
    this.alive = false
    this.waiting = []
  }

  stop(): void {
    this.stops += 1
  }

  continue(): void {
    this.stops -= 1
    if (this.stops > 0) return
    const { waiting } = this
    this.waiting = []
    for (const fn of waiting) this.options.time.soon(() => this.enter(fn))
  }

  /** The channel as this process sees it: dead, it says and hears nothing. */
  channel(given: Channel): Channel {
    const { observer } = this.options
    const channel = observer ? observedChannel(given, observer) : given
    const hear =
      <T>(handler: (item: T) => void) =>
      (item: T): void =>
        this.enter(() => handler(item))
    return {
      self: channel.self,
      get connected() {
        return channel.connected
      },
      messageBytesMax: channel.messageBytesMax,
      publishFrame: (to, frame) => this.say(frame, (bytes) => channel.publishFrame(to, bytes)),
      publishControl: (to, message) => this.say(message, (bytes) => channel.publishControl(to, bytes)),
      onFrame: (handler) => channel.onFrame(hear(handler)),
      onControl: (handler) => channel.onControl(hear(handler)),
      onStatus: (handler) => channel.onStatus(hear(handler)),
      close: () => channel.close(),
    }
  }

  /** A stopped process says it when it goes on, as it was. */
  private say(bytes: Uint8Array, publish: (bytes: Uint8Array) => void): void {
    const kept = this.stops > 0 ? new Uint8Array(bytes) : bytes
    this.enter(() => publish(kept))
  }

  /** Every operation takes a while; a process that is dead by then did not do it, or never learns that it did. */
  private operation<T>(path: string, work: () => Promise<T>): Promise<T> {
    const { time, random, fileMs } = this.options
    return new Promise<T>((resolve, reject) => {
      const settle = (fn: () => void): void => this.enter(fn)
      const run = (): void => {
        work().then(
          (value) => settle(() => resolve(value)),
          (error: unknown) => settle(() => reject(error instanceof Error ? error : new Error(String(error)))),
        )
      }
      time.after(unit(random) * fileMs(path), () => this.enter(run))
    })
  }

  private scopedFiles(files: Files): Files {
    const op = <T>(path: string, work: () => Promise<T>): Promise<T> => this.operation(path, work)
    return {
      open: (path, mode) => op(path, async () => this.scopedHandle(path, await files.open(path, mode))),
      readAll: (path) => op(path, () => files.readAll(path)),
      link: (from, to) => op(to, () => files.link(from, to)),
      unlink: (path) => op(path, () => files.unlink(path)),
      makeFolder: (path) => op(path, () => files.makeFolder(path)),
      removeFolder: (path) => op(path, () => files.removeFolder(path)),
      list: (path) => op(path, () => files.list(path)),
      stat: (path) => op(path, () => files.stat(path)),
      syncFolder: (path) => op(path, () => files.syncFolder(path)),
    }
  }

  private scopedHandle(path: string, handle: FileHandle): FileHandle {
    const op = <T>(work: () => Promise<T>): Promise<T> => this.operation(path, work)
    return {
      read: (offset, length) => op(() => handle.read(offset, length)),
      append: (bytes) => op(() => handle.append(bytes)),
      sync: () => op(() => handle.sync()),
      close: () => op(() => handle.close()),
    }
  }
}
