import { afterEach, describe, expect, it, vi } from 'vitest'
import { cell, collect, flow, fromGenerator, operator } from '../../../index.ts'
import { onlyRates } from './draw-faults.ts'
import { simulate } from './simulate.ts'
import type { FlowMaker } from './trial.ts'

interface Order {
  readonly user: string
  readonly amount: number
}

type Stray = 'nothing' | 'process' | 'map' | 'source' | 'filter'

/** The same flow, with state in a closure of the step that `stray` names. */
const orders = (stray: Stray): FlowMaker =>
  Object.assign(
    (size: number) => {
      let calls = 0
      const totals = new Map<string, number>()
      const made = flow('orders')
      const unsteady = (step: Stray): number => (stray === step ? (calls += 1) : 0)
      made
        .source(
          'orders',
          fromGenerator({
            count: Math.ceil(300 * size),
            at: (i): Order => ({ user: `u${i % 5}`, amount: i + unsteady('source') }),
          }),
        )
        .map('cents', (order) => ({ ...order, amount: order.amount * 100 + unsteady('map') }))
        .filter('counted', (order) => order.amount >= 0 && unsteady('filter') % 7 !== 6)
        .keyBy('by-user', (order) => order.user)
        .process(
          'total',
          operator<string, Order, Order>()({
            state: { total: cell(() => 0) },
            onRecord(ctx, order) {
              const kept = stray === 'process' ? (totals.get(ctx.key) ?? 0) : ctx.state.total.get()
              const total = kept + order.amount
              totals.set(ctx.key, total)
              ctx.state.total.set(total)
              ctx.emit({ user: ctx.key, amount: total })
            },
          }),
        )
        .map('brief', (order) => `${order.user}: ${order.amount}`)
        .sink('out', collect())
      return made
    },
    { run: { parallelism: 1 } },
  )

const faults = onlyRates({ killWorker: 1, failpoint: 1, killParent: 1 })

describe('a violation', { timeout: 600_000 }, () => {
  afterEach(() => vi.unstubAllEnvs())

  it.each([
    ['process', 'total'],
    ['map', 'cents'],
    ['filter', 'counted'],
    ['source', 'orders'],
  ] as const)(
    'of a flow with state outside its cells, in %s, names the step, and is small',
    async (stray, step) => {
      const { violations } = await simulate(orders(stray), { seeds: 60, violationsMax: 1, faults })
      const [violation] = violations
      expect(violation?.step).toBe(step)
      expect(violation?.report).toMatch(new RegExp(`orders, seed .*\\n.*'${step}'`))
      const trial = JSON.parse(violation?.trace ?? '{}') as { faults: unknown[]; size: number }
      expect(trial.faults).toHaveLength(1)
      expect(trial.size).toBeLessThanOrEqual(1 / 2)
    },
  )

  it('is not there where all state is in cells', async () => {
    expect((await simulate(orders('nothing'), { seeds: 40, faults })).violations).toEqual([])
  })

  it('is shown again by REPLAY, step by step, and by no other flow', async () => {
    const { violations } = await simulate(orders('process'), { seeds: 60, violationsMax: 1, faults })
    vi.stubEnv('REPLAY', violations[0]?.trace ?? '')
    const said: string[] = []
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0)
    const again = await simulate(orders('process'))
    write.mockRestore()
    expect([again.schedules, again.violations[0]?.report]).toEqual([1, violations[0]?.report])
    expect(said.join('')).toContain(`${violations[0]?.timeline.join('\n')}\n${violations[0]?.report}`)
    const other = (): ReturnType<FlowMaker> => {
      const made = flow('other')
      made.source('one', fromGenerator({ count: 1, at: (i) => i })).sink('out', collect())
      return made
    }
    expect((await simulate(other, { seeds: 2 })).schedules).toBe(2)
  })

  it.each(['', '{}', 'seed 7'])('a trace that is none is refused: %j', async (replay) => {
    const error = expect.objectContaining({ code: 'TRACE_ILLEGAL' })
    await expect(simulate(orders('nothing'), { replay })).rejects.toThrowError(error)
  })
})
