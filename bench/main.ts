/** `npm run bench`: its ratios, bench after bench. */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { startEmbeddedNats } from '../transport/nats/embedded.ts'
import { allBenches, fullSizes, quickSizes } from './benches.ts'
import type { Bench } from './harness/bench.ts'
import { toJson, toLines } from './harness/report.ts'
import { runBench } from './harness/run-bench.ts'

const usage = 'npm run bench -- [--quick] [--only NAME[,NAME…]] [--rounds N] [--json]'

interface Options {
  readonly quick: boolean
  readonly json: boolean
  readonly only: readonly string[]
  readonly rounds: number | undefined
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
    },
  })
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
  if (rounds !== undefined && !(Number.isSafeInteger(rounds) && rounds >= 1)) {
    throw new TypeError(`--rounds must be a whole number ≥ 1, got ${values.rounds}`)
  }
  const only = values.only.flatMap((names) => names.split(','))
  return { quick: values.quick, json: values.json, only, rounds }
}

/** A name takes every bench whose name begins with it. */
function select(benches: readonly Bench[], only: readonly string[]): Bench[] {
  for (const name of only) {
    if (benches.some((bench) => bench.name.startsWith(name))) continue
    throw new TypeError(
      `--only: no bench '${name}'; there are ${benches.map((bench) => bench.name).join(', ')}`,
    )
  }
  return benches.filter((bench) => only.length === 0 || only.some((name) => bench.name.startsWith(name)))
}

async function runAll(options: Options): Promise<void> {
  const { quick, json, only, rounds } = options
  const given = quick ? quickSizes : fullSizes
  const sizes = rounds === undefined ? given : { ...given, rounds }
  const print = (text: string): void => void process.stdout.write(`${text}\n`)
  const progress = (text: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
  }
  // Before the server starts, so that a wrong name costs nothing.
  select(allBenches(sizes, ''), only)
  const nats = await startEmbeddedNats()
  try {
    const machine = `${cpus().length} cores, Node ${process.versions.node}`
    if (json) print(JSON.stringify({ event: 'bench.started', quick, machine }))
    else print(`Millrace benchmarks: ${machine}${quick ? '; --quick: sizes too small to mean anything' : ''}`)
    for (const bench of select(allBenches(sizes, nats.url), only)) {
      const outcome = await runBench(bench, progress)
      progress('')
      for (const each of json ? toJson(outcome).map((line) => JSON.stringify(line)) : toLines(outcome))
        print(each)
    }
    if (json) print(JSON.stringify({ event: 'bench.finished' }))
  } finally {
    await nats.stop()
  }
}

try {
  await runAll(readOptions())
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = error instanceof TypeError ? 2 : 1
  if (process.exitCode === 2) console.error(`usage: ${usage}`)
}
