/**
 * `npm run chaos -- --kills 500`: real processes over a real NATS server, killed with -9 at random moments and at
 * protocol events, worker, parent and server alike, round after round until so many kills have landed. Each round's
 * output is compared with a batch computation. Ends with 0 only when nothing was lost, doubled or wrong.
 */
import { commandLine } from './command-line.ts'
import { killsPerRoundMin, runChaos, type ChaosReport } from './chaos/run-chaos.ts'
import { describeChaos } from './chaos/describe.ts'

const command = commandLine('npm run chaos -- [--kills N] [--seed N] [--round KILLS] [--json]')
const values = command.read({
  kills: { type: 'string', default: '100' },
  seed: { type: 'string', default: '1' },
  round: { type: 'string', default: '20' },
  json: { type: 'boolean', default: false },
})

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

const report: ChaosReport = values.json
  ? (event) => void process.stdout.write(`${JSON.stringify(event)}\n`)
  : (event) => describeChaos(event)

const passed = await runChaos({
  kills: command.whole('kills', values.kills, 1),
  killsPerRound: command.whole('round', values.round, killsPerRoundMin),
  seed: command.whole('seed', values.seed, 0),
  signal: stop.signal,
  report,
})
process.exitCode = passed ? 0 : 1
