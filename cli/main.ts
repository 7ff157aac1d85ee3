#!/usr/bin/env node
/** The `millrace` command. */
import { runProgram } from './program.ts'

// A reader that went away (`| head`) ends the command as it would end any other.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(1)
  throw error
})

const code = await runProgram(process.argv.slice(2))
// Flush, then end: timers or sockets that a flow's module left open do not keep the command alive.
process.stdout.write('', () => process.exit(code))
