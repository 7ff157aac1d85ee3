/**
 * `npm run mutants`: breaks the protocol on purpose, one change at a time, and reports which of the changes the
 * simulation notices, and after how many schedules. Exits 0 when at least 95 of 100 are noticed.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { failureFreeRows } from './harness/simulation/simulate.ts'
import { mutants } from './mutants/catalogue/index.ts'
import { courses } from './mutants/flows.ts'
import { judge, type Verdict } from './mutants/judge.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    schedules: { type: 'string', default: '4000' },
    json: { type: 'boolean', default: false },
  },
})

const shareToCatch = 0.95

const expected = new Map<string, readonly string[]>()
for (const [name, { flow, run }] of Object.entries(courses)) {
  expected.set(name, await failureFreeRows(flow, run && { run }))
}

const chosen = mutants.filter(({ id }) => values.only?.includes(id) ?? true)
const waiting = [...chosen]
const verdicts: Verdict[] = []
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const verdict = await judge(mutant, { expected, schedulesMax: Number(values.schedules) })
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
  const caught = verdicts.filter((verdict) => verdict.caught).length
  const share = chosen.length === 0 ? 0 : caught / chosen.length
  const survivors = verdicts.filter((verdict) => !verdict.caught).map(({ mutant }) => mutant.id)
  if (values.json)
    console.log(JSON.stringify({ event: 'mutants.finished', mutants: chosen.length, caught, survivors }))
  else {
    const percent = (share * 100).toFixed(1)
    console.log(
      `\n${caught} of ${chosen.length} caught (${percent} %)${survivors.length > 0 ? `; survivors: ${survivors.join(', ')}` : ''}`,
    )
  }
  process.exitCode = share >= shareToCatch ? 0 : 1
}
