/** `npm run nexmark`: see `harness/arguments.ts` for what it takes. */
import { readArguments, usage } from './harness/arguments.ts'
import { runQueries } from './harness/run-queries.ts'
import { runSimulation } from './harness/run-simulation.ts'

try {
  const given = process.argv.slice(2)
  if (given.includes('--help')) console.log(usage)
  else {
    const args = readArguments(given)
    const passed = args.simulate ? await runSimulation(args, args.simulate) : await runQueries(args)
    process.exitCode = passed ? 0 : 1
  }
} catch (error) {
  const isUsage = error instanceof TypeError || error instanceof RangeError
  console.error(error instanceof Error ? error.message : error)
  if (isUsage) console.error(`\n${usage}`)
  process.exitCode = isUsage ? 2 : 1
}
