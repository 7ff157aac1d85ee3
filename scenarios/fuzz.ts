/**
 * `npm run fuzz -- --cases 10000000`: mutated and forged bytes through every decoder of what comes from a wire or a
 * disk. Each must answer with a value or a typed error, within bounds of time and memory. `--seed S --case N` shows
 * one case again. Ends with 0 only when every case was answered so.
 */
import { commandLine } from './command-line.ts'
import { caseOf, runCases } from './fuzz/run-cases.ts'
import { heapGrowthBytesMax, rssBytesMax, runFuzz, type FuzzReport } from './fuzz/run-fuzz.ts'
import { targets } from './fuzz/targets.ts'

const command = commandLine('npm run fuzz -- [--cases N] [--seed N] [--case N]')
const values = command.read({
  cases: { type: 'string', default: '1000000' },
  seed: { type: 'string', default: '1' },
  case: { type: 'string' },
})

const seed = command.whole('seed', values.seed, 0)
if (values.case === undefined) await fuzz(command.whole('cases', values.cases))
else showCase(command.whole('case', values.case, 0))

async function fuzz(cases: number): Promise<void> {
  const startedMs = performance.now()
  const report = await runFuzz({
    seed,
    cases,
    progress(done, failures) {
      const rate = Math.round(done / ((performance.now() - startedMs) / 1000))
      process.stderr.write(`\r${done} cases, ${rate} a second, ${failures} failures   `)
    },
  })
  process.stderr.write('\n')
  print(describe(report).join('\n'))
  process.exitCode = isRight(report) ? 0 : 1
}

function showCase(number: number): void {
  const { target, bytes } = caseOf(targets, seed, number)
  print(`${target.name}: ${bytes.length} bytes\n${bytes.toString('hex')}`)
  const { counts, failures } = runCases(targets, { seed, from: number, to: number + 1 })
  print(failures[0]?.what ?? JSON.stringify(counts[target.name]))
  process.exitCode = failures.length === 0 ? 0 : 1
}

function isRight({ failures, heapGrowthBytes, rssBytesMax: resident }: FuzzReport): boolean {
  return failures.length === 0 && heapGrowthBytes <= heapGrowthBytesMax && resident <= rssBytesMax
}

function describe(report: FuzzReport): string[] {
  const rows = Object.entries(report.counts).map(([name, { cases, accepted, rejected }]) => {
    const codes = Object.entries(rejected)
      .sort(([, a], [, b]) => b - a)
      .map(([code, count]) => `${code} ${count}`)
    return `${name.padEnd(10)} ${String(cases).padStart(9)} cases, ${accepted} accepted; ${codes.join(', ')}`
  })
  const seconds = report.tookMs / 1000
  return [
    ...rows,
    ...report.failures.map(
      ({ case: number, target, what }) =>
        `FAILED ${target}: ${what}\n  npm run fuzz -- --seed ${seed} --case ${number}`,
    ),
    `slowest case ${report.slowestMs.toFixed(1)} ms (case ${report.slowestCase})`,
    `heap growth ${mebibytes(report.heapGrowthBytes)} of at most ${mebibytes(heapGrowthBytesMax)}, resident at most ${mebibytes(report.rssBytesMax)} of ${mebibytes(rssBytesMax)}`,
    `${report.cases} cases in ${seconds.toFixed(1)} s on ${report.threads} threads, ${Math.round(report.cases / seconds)} a second, ${report.failures.length} failures`,
  ]
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
