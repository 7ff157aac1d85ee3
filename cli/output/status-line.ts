/**
 * One line at the bottom of a terminal that is drawn over and over. What else is written to the terminal goes
 * above it.
 */
import type { WriteStream } from 'node:tty'

const redrawMs = 100

export class StatusLine {
  private readonly terminal: WriteStream
  private readonly text: () => string
  private readonly timer: NodeJS.Timeout
  private readonly restore: (() => void)[] = []
  private shown = false

  /** `text` is asked for on every redraw; it is cut to the terminal's width. */
  constructor(terminal: WriteStream, text: () => string) {
    this.terminal = terminal
    this.text = text
    for (const stream of [process.stdout, process.stderr]) if (stream.isTTY) this.makeWay(stream)
    this.timer = setInterval(() => this.draw(), redrawMs)
    this.timer.unref()
  }

  /** Removes the line for good. */
  close(): void {
    clearInterval(this.timer)
    this.erase()
    for (const undo of this.restore) undo()
  }

  private draw(): void {
    this.erase()
    const width = Math.max(20, this.terminal.columns || 80) - 1
    writeOf(this.terminal)(this.text().slice(0, width))
    this.shown = true
  }

  private erase(): void {
    if (this.shown) writeOf(this.terminal)('\r\u001b[2K')
    this.shown = false
  }

  private makeWay(stream: WriteStream): void {
    const own = Object.getOwnPropertyDescriptor(stream, 'write')
    const write = stream.write.bind(stream)
    direct.set(stream, write)
    stream.write = ((...args: Parameters<typeof write>) => {
      this.erase()
      return write(...args)
    }) as typeof stream.write
    this.restore.push(() => {
      direct.delete(stream)
      if (own) Object.defineProperty(stream, 'write', own)
      else Reflect.deleteProperty(stream, 'write')
    })
  }
}

/** Streams' own `write`, past the one that makes way for the line. */
const direct = new Map<WriteStream, (text: string) => boolean>()

function writeOf(stream: WriteStream): (text: string) => boolean {
  return direct.get(stream) ?? ((text) => stream.write(text))
}
