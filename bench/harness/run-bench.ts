/**
 * Runs a bench: in every round each entrant once, in a process of its own, in an order that turns about. A ratio is
 * taken within a round, so that what slows the machine for a while slows both sides; then the median of rounds.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Bench, Entrant } from './bench.ts'
import type { Measured } from './contender.ts'
import { median } from './statistics.ts'

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export interface Outcome {
  readonly bench: Bench
  readonly measured: readonly {
    readonly label: string
    readonly value: Spread
    readonly notes: Readonly<Record<string, Spread>>
  }[]
  readonly ratios: readonly {
    readonly of: string
    readonly to: string
    readonly ratio: Spread
    /** The same by CPU time, where measured: steadier where other programs share the machine. */
    readonly ratioByCpu: Spread | undefined
    readonly atLeast: number | undefined
    readonly reached: boolean | undefined
  }[]
  readonly limits: readonly {
    readonly of: string
    readonly note: string | undefined
    readonly value: number
    readonly atMost: number
    readonly reached: boolean
  }[]
}

type Round = ReadonlyMap<string, Measured>

export async function runBench(bench: Bench, progress: (text: string) => void): Promise<Outcome> {
  const rounds: Round[] = []
  for (let round = 0; round < bench.rounds; round += 1) {
    const measured = new Map<string, Measured>()
    const order = round % 2 === 0 ? bench.entrants : [...bench.entrants].reverse()
    for (const entrant of order) {
      progress(`${bench.name}: round ${round + 1} of ${bench.rounds}, ${entrant.label}`)
      measured.set(entrant.label, await runEntrant(entrant))
    }
    rounds.push(measured)
  }
  return outcomeOf(bench, rounds)
}

function outcomeOf(bench: Bench, rounds: readonly Round[]): Outcome {
  const measured = bench.entrants.map(({ label }) => {
    const all = rounds.map((round) => measuredIn(round, label))
    const names = Object.keys(all[0]?.notes ?? {})
    const notes = names.map((name) => [name, spread(all.map((each) => each.notes?.[name] ?? NaN))] as const)
    return { label, value: spread(all.map(({ value }) => value)), notes: Object.fromEntries(notes) }
  })
  return {
    bench,
    measured,
    ratios: bench.ratios.map(({ of, to, atLeast }) => {
      const ratios = (figure: (measured: Measured) => number): Spread =>
        spread(rounds.map((round) => figure(measuredIn(round, of)) / figure(measuredIn(round, to))))
      const ratio = ratios(({ value }) => value)
      const byCpu = ratios(({ perCpuSecond }) => perCpuSecond ?? NaN)
      const ratioByCpu = Number.isNaN(byCpu.median) ? undefined : byCpu
      return {
        of,
        to,
        ratio,
        ratioByCpu,
        atLeast,
        reached: atLeast === undefined ? undefined : ratio.median >= atLeast,
      }
    }),
    limits: (bench.limits ?? []).map(({ of, note, atMost }) => {
      const found = measured.find(({ label }) => label === of)
      const value = (note === undefined ? found?.value : found?.notes[note])?.median ?? NaN
      return { of, note, value, atMost, reached: value <= atMost }
    }),
  }
}

function measuredIn(round: Round, label: string): Measured {
  const measured = round.get(label)
  if (!measured) throw new Error(`no entrant is labelled '${label}'`)
  return measured
}

const spread = (values: readonly number[]): Spread => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
})

const entrantMsMax = 300_000

/** A contender's last line on stdout is its result; a failure of one is a failure of the run. */
function runEntrant({ label, contender, params }: Entrant): Promise<Measured> {
  const script = fileURLToPath(new URL('../contender.js', import.meta.url))
  const child = spawn(process.execPath, [script, contender, JSON.stringify(params)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Worker processes write to stderr then.
    env: { ...process.env, MILLRACE_JSON: '1' },
    timeout: entrantMsMax,
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const line = output.trimEnd().split('\n').at(-1)
      if (code === 0 && line !== undefined) resolve(JSON.parse(line) as Measured)
      else reject(new Error(`'${label}' (${contender}) ended with ${signal ?? `exit code ${code}`}`))
    })
  })
}
