import { describe, expect, it } from 'vitest'
import { flow, fromGenerator, toJsonl } from '../../../index.ts'
import { playFor } from './play-for.ts'
import { scenario, type Play, type ScenarioOptions, type Stage } from './scenario.ts'

/** Running sums; kept in a variable they are in no checkpoint. */
const sums =
  (forgetful: boolean) =>
  (stage: Stage): Play => {
    const made = flow('sums')
    let total = 0
    made
      .source('numbers', fromGenerator({ count: 200, at: (n) => n }))
      .map('sum', (n) => ({ sum: forgetful ? (total += n) : (n * (n + 1)) / 2 }))
      .sink('out', toJsonl(`${stage.folder}/out`))
    const out = Array.from({ length: 200 }, (_, n) => ({ sum: (n * (n + 1)) / 2 }))
    return { flow: made, records: 200, expect: { out } }
  }

const options: ScenarioOptions = {
  promise: 'a crash changes nothing',
  kill: { at: 'task.captured', role: 'worker', hit: 2 },
  run: { workers: 1, parallelism: 1 },
}

describe('scenario', () => {
  it('passes where the promise is kept, and tells what it met', async () => {
    const { verdict, told } = await playFor(scenario('sums', options, sums(false)))
    expect({ told, ...verdict }).toMatchObject({ told: [], verdict: 'pass', kills: 2, lost: 0 })
  })

  it('fails for state that is in no checkpoint', async () => {
    const { verdict, told } = await playFor(scenario('sums', options, sums(true)))
    expect(verdict).toMatchObject({ verdict: 'fail' })
    expect(verdict.mismatched).toBeGreaterThan(0)
    expect(told.join('\n')).toMatch(/mismatched in out/)
  })

  it('fails when its fault was not met, or the job did not end as it must', async () => {
    const unmet = { ...options, kill: { at: 'task.captured', role: 'worker', hit: 10_000 } } as const
    expect((await playFor(scenario('sums', unmet, sums(false)))).told[0]).toMatch(/only 0 of the planned/)
    const refused = { ...options, ends: { failsWith: 'CHECKPOINT_DAMAGED' } }
    expect((await playFor(scenario('sums', refused, sums(false)))).told[0]).toMatch(/found none/)
  })

  it('refuses to be played over processes that could not load it', () => {
    const nowhere = { ...options, transports: ['nats'] } as const
    expect(() => scenario('sums', nowhere, sums(false))).toThrow(/give module: import.meta.url/)
  })
})
