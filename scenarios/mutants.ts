/**
 * `npm run mutants`: breaks the protocol on purpose, one change at a time, and reports which of the changes the
 * simulation notices, and after how many schedules. The engine as it is goes through as many first: whatever is
 * noticed there makes every other verdict worthless. Exits 0 when it passes and at least 95 of 100 are noticed.
 */
import { availableParallelism } from 'node:os'
import { commandLine } from './command-line.ts'
import { failureFreeRows } from './harness/simulation/simulate.ts'
import { mutants } from './mutants/catalogue/index.ts'
import { courses } from './mutants/flows.ts'
import { judge, type Verdict } from './mutants/judge.ts'
import type { Mutant } from './mutants/mutant.ts'

const command = commandLine('npm run mutants -- [--only ID]… [--schedules N] [--json]')
const values = command.read({
  only: { type: 'string', multiple: true },
  schedules: { type: 'string', default: '4000' },
  json: { type: 'boolean', default: false },
})
const schedulesMax = command.whole('schedules', values.schedules)
for (const id of values.only ?? []) {
  if (mutants.some((mutant) => mutant.id === id)) continue
  command.refuse(`no mutant is named '${id}'; there are ${mutants.map((mutant) => mutant.id).join(', ')}`)
}

const shareToCatch = 0.95

const expected = new Map<string, readonly string[]>()
for (const [name, { flow, run }] of Object.entries(courses)) {
  expected.set(name, await failureFreeRows(flow, run && { run }))
}

const whole: Mutant = { id: 'none', invariant: '', what: 'the engine as it is', edits: [] }
const chosen = mutants.filter(({ id }) => values.only?.includes(id) ?? true)
const waiting = [whole, ...chosen]
const verdicts: Verdict[] = []
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const verdict = await judge(mutant, { expected, schedulesMax })
      verdicts.push(verdict)
      tell(verdict)
    }
  }),
)
summarise()

function tell({ mutant, schedules, caught }: Verdict): void {
  const { id, invariant, what } = mutant
  if (values.json) {
    console.log(JSON.stringify({ event: 'mutant', id, invariant, what, schedules, caught: caught ?? null }))
    return
  }
  const outcome = caught
    ? `caught after ${schedules} (${caught.course}: ${caught.what.slice(0, 120)})`
    : `SURVIVED ${schedules} schedules${mutant.survives === undefined ? '' : `: ${mutant.survives}`}`
  console.log(`${invariant.padEnd(4)} ${id.padEnd(32)} ${outcome}`)
}

function summarise(): void {
  const wrong = verdicts.some(({ mutant, caught }) => mutant === whole && caught)
  const trials = verdicts.filter(({ mutant }) => mutant !== whole)
  const caught = trials.filter((verdict) => verdict.caught).length
  const share = chosen.length === 0 ? 0 : caught / chosen.length
  const survivors = trials.filter((verdict) => !verdict.caught).map(({ mutant }) => mutant.id)
  if (values.json) {
    const figures = { mutants: chosen.length, caught, survivors, wholeEnginePasses: !wrong }
    console.log(JSON.stringify({ event: 'mutants.finished', ...figures }))
  } else {
    const percent = (share * 100).toFixed(1)
    console.log(
      `\n${caught} of ${chosen.length} caught (${percent} %)${survivors.length > 0 ? `; survivors: ${survivors.join(', ')}` : ''}`,
    )
  }
  if (wrong) console.error('the engine as it is does not pass: look at that first (npm run sim)')
  process.exitCode = share >= shareToCatch && !wrong ? 0 : 1
}
