/** The process's own streams: output, or error where `MILLRACE_JSON=1` keeps standard output for events. */
import type { TextOutput } from '../console.ts'

const listening = new Set<NodeJS.WriteStream>()

export const writeToStandardStream: TextOutput = (text, done) => {
  const stream = process.env['MILLRACE_JSON'] === '1' ? process.stderr : process.stdout
  if (!listening.has(stream)) {
    listening.add(stream)
    // A closed pipe is reported to `done`; without a listener it would end the process.
    stream.on('error', () => undefined)
  }
  stream.write(text, done)
}
