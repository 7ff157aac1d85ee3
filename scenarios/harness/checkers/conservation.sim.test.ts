/** The token ring is conserved; a ring that leaks is found out, in whichever place the leak shows. */
import { describe, expect, it } from 'vitest'
import { collect } from '../../../index.ts'
import { fileStore } from '../../../snapshot/stores/file-store.ts'
import { tokenRing, tokensConserved, type Token } from '../../workloads/token-ring.ts'
import { storeFolder } from '../simulation/folders.ts'
import { runSchedule } from '../simulation/schedule.ts'
import { simulate } from '../simulation/simulate.ts'
import { ringing, ringingUnaligned } from '../simulation/testing/token-flows.ts'
import type { FlowMaker } from '../simulation/trial.ts'
import { checkConservation, type Conserved } from './conservation.ts'
import { checkCuts } from './cut.ts'

const tokens = 80
const conserved = tokensConserved({ tokens })
const seeds = Number(process.env.SEEDS ?? 25)

async function storeOf(pass?: (token: Token) => readonly Token[], alignmentTimeoutMs: number | null = null) {
  const { flow, arrivals } = tokenRing('ring', { tokens, ...(pass && { pass }) })
  arrivals.sink('home-again', collect())
  const run = {
    workers: 2,
    parallelism: 2,
    checkpoints: { everyMs: 5, keep: 10_000, alignmentTimeoutMs },
  }
  const { world, stuck } = await runSchedule(flow, { seed: 1, faults: [], run, livenessMs: 60_000 })
  expect(stuck).toBeUndefined()
  return fileStore(storeFolder).open(world.disk)
}

const told = async (given: Conserved, ...made: Parameters<typeof storeOf>): Promise<string> =>
  (await checkConservation(await storeOf(...made), given)).join('\n')

describe('checkConservation', { timeout: 600_000 }, () => {
  it('is silent where every token is in one place', async () => {
    expect(await told(conserved)).toBe('')
  })

  it('finds one token that is lost, and one that is doubled', async () => {
    const once = (instead: (token: Token) => readonly Token[]) => (token: Token) =>
      token.id === 7 && token.passed === 2 ? instead(token) : [token]
    expect(
      await told(
        conserved,
        once(() => []),
      ),
    ).toMatch(/checkpoint \d+ holds 79 instead of 80: \{"turn-0/)
    expect(
      await told(
        conserved,
        once((token) => [token, token]),
      ),
    ).toMatch(/holds 81 instead of 80/)
  })

  it('C4: counts what is on its way: without it, tokens are missing', async () => {
    const store = await storeOf(undefined, 0)
    expect((await checkCuts(store, [])).onTheWay).toBeGreaterThan(0)
    expect(await checkConservation(store, conserved)).toEqual([])
    const { onTheWay: _, ...forgetful } = conserved
    expect((await checkConservation(store, forgetful)).join()).toMatch(/holds \d+ instead of 80/)
  })

  it('counts what is still to come: without it, tokens are missing', async () => {
    const { toCome: _, ...forgetful } = conserved
    expect(await told(forgetful)).toMatch(/holds \d+ instead of 80/)
  })

  it('a step that no checkpoint knows is told of', async () => {
    const steps = { ...conserved.steps, nowhere: () => 0 }
    expect(await told({ ...conserved, steps })).toBe("no checkpoint holds anything of 'nowhere'")
  })
})

describe('the token ring, simulated', { timeout: 3_600_000 }, () => {
  it.each([
    ['aligned', ringing],
    ['unaligned', ringingUnaligned],
  ] as const)('as many tokens in every checkpoint, whatever fails: %s', async (_, makeFlow) => {
    const { violations, counts } = await simulate(makeFlow, { seeds })
    expect(violations.map(({ report }) => report)).toEqual([])
    expect(counts['checkpoint.completed']).toBeGreaterThan(seeds)
    if (makeFlow === ringingUnaligned) expect(counts['checkpoint with channel state']).toBeGreaterThan(seeds)
  })

  it('a quantity that is not conserved is a violation by the name of its checker', async () => {
    const other: FlowMaker = Object.assign((size: number) => ringing(size), {
      ...(ringing.run && { run: ringing.run }),
      conserved: (size: number) => ({ ...tokensConserved({ tokens: Math.ceil(120 * size) }), total: 0 }),
    })
    const [violation] = (await simulate(other, { seeds: 1 })).violations
    expect(violation?.what).toMatch(/^conservation: checkpoint \d+ holds \d+ instead of 0/)
    expect(JSON.parse(violation?.trace ?? '{}')).toMatchObject({ faults: [], size: 1 / 64 })
  })
})
