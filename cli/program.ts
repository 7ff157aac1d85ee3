/** The commands and their options. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { idOrNone, wholeNumber } from './arguments.ts'
import { checkpointsCommand } from './commands/checkpoints.ts'
import { inspectCommand, type InspectArguments } from './commands/inspect.ts'
import { runCommand, type RunArguments } from './commands/run.ts'
import { scenarioCommand, type ScenarioArguments } from './commands/scenario.ts'
import { exitCodes } from './exit-codes.ts'
import { exitCodeOf, printFailure } from './failure.ts'

/** Resolves to the exit code; throws nothing. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let code: number = exitCodes.ok
  const program = makeProgram((exit) => (code = exit))
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    printFailure(error)
    return exitCodeOf(error)
  }
}

function makeProgram(exit: (code: number) => void): Command {
  const program = new Command('millrace')
    .description('Exactly-once, stateful stream processing for Node services, over NATS')
    .version(readVersion())
    .showHelpAfterError('(millrace --help, millrace <command> --help)')
    .exitOverride()
  addRun(program, exit)
  addScenario(program, exit)
  addInspection(program, exit)
  return program
}

function addRun(program: Command, exit: (code: number) => void): void {
  program
    .command('run')
    .description(
      'run a flow: the default export of a .ts or .js module; started again with the same --checkpoints it continues',
    )
    .argument('<file>', 'the module')
    .option('--workers <n>', 'child processes, joined by NATS; 0: this process', wholeNumber(0), 0)
    .option('--nats <url>', "a server's URL, or 'embedded': a private one (the default with workers)")
    .option('--checkpoints <dir>', 'where checkpoints are kept; without it they are lost with the job')
    .option('--every <ms>', 'a checkpoint every so many milliseconds (default: 1000)', wholeNumber(1))
    .option('--parallelism <n>', 'tasks of each step (default: as many as workers)', wholeNumber(1))
    .option(
      '--restore-from <id>',
      "continue from this checkpoint or savepoint though there is a newer one; 'none': begin anew",
      idOrNone,
    )
    .option(
      '--allow-older <id>',
      'consent to go back as far as this checkpoint when the newest is damaged',
      wholeNumber(1),
    )
    .option('--allow-duplicates', 'consent to output that is already visible being produced again')
    .option(
      '--drop-state <steps...>',
      'consent to lose the state of these steps, which the flow does not have any more',
    )
    .option('--json', 'events as one JSON object a line on standard output, and nothing else there')
    .action(async (file: string, given: RunArguments) => exit(await runCommand(file, given)))
}

function addScenario(program: Command, exit: (code: number) => void): void {
  program
    .command('scenario')
    .description(
      'run scenarios: flows under the faults of the catalogue (docs/guarantees.md), judged by independent checkers',
    )
    .argument('[names...]', 'which ones (default: all)')
    .option('--seed <n>', 'makes the same plan of kills again (default: a new one, printed)', wholeNumber(0))
    .option('--group <name>', 'only the scenarios of this group')
    .option('--kills <n>', 'how many, for scenarios that kill at random (default: 8)', wholeNumber(0))
    .addOption(
      new Option(
        '--transport <kind>',
        'simulated: virtual time, several seeds; memory: one process; nats: worker processes and kill -9',
      ).choices(['simulated', 'memory', 'nats']),
    )
    .option('--list', 'list the scenarios and run none')
    .option('--json', 'events as one JSON object a line on standard output; the last is scenario.finished')
    .action(async (names: string[], given: ScenarioArguments) => exit(await scenarioCommand(names, given)))
}

function addInspection(program: Command, exit: (code: number) => void): void {
  program
    .command('checkpoints')
    .description('list the complete checkpoints in a folder')
    .argument('<dir>', 'what was given as --checkpoints')
    .option('--json', 'one JSON object a checkpoint')
    .action(async (folder: string, given: { json?: true }) => exit(await checkpointsCommand(folder, given)))
  program
    .command('inspect')
    .description('show what is in a checkpoint, or the state of one key')
    .argument('<dir>', 'what was given as --checkpoints')
    .option('--checkpoint <id>', 'which one (default: the newest)', wholeNumber(1))
    .option('--operator <name>', 'only this step')
    .option('--key <key>', 'the state of this key, as JSON (42, "a", ["a",1]) or as a plain string')
    .option('--json', 'one JSON object a step, or one for the key')
    .action(async (folder: string, given: InspectArguments) => exit(await inspectCommand(folder, given)))
}

/** From the nearest package.json: beside the sources, and above dist/ where the package is built. */
function readVersion(): string {
  const places = ['../package.json', '../../package.json'].map((path) => new URL(path, import.meta.url))
  for (const place of places) {
    try {
      return (JSON.parse(readFileSync(place, 'utf8')) as { version: string }).version
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return 'unknown'
}
