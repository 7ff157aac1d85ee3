import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { workerId } from '../../core/ids.ts'
import { flow, type Flow } from '../../operators/flow.ts'
import { collect } from '../../operators/sinks/index.ts'
import { fromArray } from '../../operators/sources/index.ts'
import type { SourceStream } from '../../operators/stream.ts'
import { fuseSteps } from './fusion.ts'
import { planJob, type Plan, type PlanOptions } from './plan.ts'

const numbers = fromArray([1, 2, 3])
const workers = (count: number): PlanOptions['workers'] =>
  Array.from({ length: count }, (_, i) => workerId(`w${i}`))

function built(build: (source: SourceStream<number>, made: Flow) => void): Flow {
  const made = flow('f')
  build(made.source('in', numbers), made)
  return made
}

const chains = (made: Flow, options: { parallelism: number; fuse?: boolean }): string[] =>
  fuseSteps(made.graph(), options).map(({ steps, parallelism }) => `${steps.join('+')} ×${parallelism}`)

const linear = (): Flow =>
  built((source) =>
    source
      .map('a', (n) => n)
      .filter('b', () => true)
      .sink('out', collect()),
  )
const keyed = (): Flow =>
  built((source) =>
    source
      .map('a', (n) => n)
      .keyBy('k', (n) => n)
      .reduce('r', (n) => n)
      .sink('out', collect()),
  )

describe('fusion', () => {
  it.each([1, 4])('a line of forward edges is one task at parallelism %i', (parallelism) => {
    expect(chains(linear(), { parallelism })).toEqual([`in+a+b+out ×${parallelism}`])
  })

  it('keyBy divides where there are several tasks, and only there', () => {
    expect(chains(keyed(), { parallelism: 1 })).toEqual(['in+a+k+r+out ×1'])
    expect(chains(keyed(), { parallelism: 2 })).toEqual(['in+a+k ×2', 'r+out ×2'])
  })

  it.each(['rebalance', 'broadcast'] as const)('%s divides where there are several tasks', (spread) => {
    const made = built((source) =>
      source[spread]()
        .map('a', (n) => n)
        .sink('out', collect()),
    )
    expect(chains(made, { parallelism: 1 })).toEqual(['in+a+out ×1'])
    expect(chains(made, { parallelism: 2 })).toEqual(['in ×2', 'a+out ×2'])
  })

  it('another parallelism divides', () => {
    const made = built((source) =>
      source
        .map('a', (n) => n, { parallelism: 3 })
        .map('b', (n) => n)
        .sink('out', collect(), { parallelism: 1 }),
    )
    expect(chains(made, { parallelism: 2 })).toEqual(['in ×2', 'a ×3', 'b ×2', 'out ×1'])
  })

  it('branches stay in the task, dead letters too', () => {
    const made = built((source) => {
      const mapped = source.map('a', (n) => n, { onError: 'dead-letter' })
      mapped.map('b', (n) => n).sink('out', collect())
      mapped.sink('copy', collect())
      mapped.deadLetters.sink('dead', collect())
    })
    expect(chains(made, { parallelism: 2 })).toEqual(['in+a+b+out+copy+dead ×2'])
  })

  it('a step of several inputs begins a task, also when they come from one step', () => {
    const made = built((source) => {
      const [a, b] = [source.map('a', (n) => n), source.map('b', (n) => n)]
      a.union('u', b).sink('out', collect())
    })
    expect(chains(made, { parallelism: 1 })).toEqual(['in+a+b ×1', 'u+out ×1'])
  })

  it('fuse: false leaves every step a task of its own', () => {
    expect(chains(linear(), { parallelism: 2, fuse: false })).toEqual(['in ×2', 'a ×2', 'b ×2', 'out ×2'])
  })

  it('a chain is keyed when one of its steps is', () => {
    const found = fuseSteps(keyed().graph(), { parallelism: 2 })
    expect(found.map((chain) => chain.keyed)).toEqual([false, true])
  })
})

const plan = (made: Flow, options: Partial<PlanOptions> = {}): Plan =>
  planJob(made.graph(), { parallelism: 2, keyGroups: 128, workers: workers(1), ...options })

const linksOf = (made: Flow, options: Partial<PlanOptions> = {}): string[] =>
  plan(made, options).tasks.flatMap((task) => task.outputs.map((link) => `${link.from}→${link.to}`))

describe('the physical plan', () => {
  it('a hash edge joins every task with every other, a forward edge those of equal index', () => {
    expect(linksOf(keyed())).toEqual(['in[0]→r[0]', 'in[0]→r[1]', 'in[1]→r[0]', 'in[1]→r[1]'])
    expect(linksOf(linear(), { fuse: false, parallelism: 2 })).toEqual([
      ...['in[0]→a[0]', 'in[1]→a[1]', 'a[0]→b[0]', 'a[1]→b[1]', 'b[0]→out[0]', 'b[1]→out[1]'],
    ])
  })

  it('a forward edge between other parallelisms joins all', () => {
    const made = built((source) => source.map('a', (n) => n, { parallelism: 1 }).sink('out', collect()))
    expect(linksOf(made)).toEqual(['in[0]→a[0]', 'in[1]→a[0]', 'a[0]→out[0]', 'a[0]→out[1]'])
  })

  it('each edge has links of its own, also between the same tasks', () => {
    const made = built((source) => source.union('u', source).sink('out', collect()))
    const { tasks } = plan(made, { parallelism: 1 })
    expect(tasks.map(({ id, inputs, outputs }) => [id, inputs.length, outputs.length])).toEqual([
      ['in[0]', 0, 2],
      ['u[0]', 2, 0],
    ])
  })

  it('every link has both ends, ids are 0, 1, 2 …, and equal plans come of equal numbers', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        (p, w, fuse) => {
          const options = { parallelism: p, workers: workers(w), fuse }
          const made = keyed()
          const { tasks } = plan(made, options)
          const outputs = tasks.flatMap((task) => task.outputs.map((link) => ({ link, task })))
          const inputs = tasks.flatMap((task) => task.inputs.map((link) => ({ link, task })))
          expect(outputs.map(({ link }) => link.id).sort((a, b) => a - b)).toEqual(outputs.map((_, i) => i))
          expect(new Set(inputs.map(({ link }) => link))).toEqual(new Set(outputs.map(({ link }) => link)))
          for (const { link, task } of outputs)
            expect([link.from, link.fromWorker]).toEqual([task.id, task.worker])
          for (const { link, task } of inputs) {
            expect([link.to, link.toWorker, link.toIndex]).toEqual([task.id, task.worker, task.index])
          }
          expect(plan(keyed(), options).tasks.map(({ id, worker }) => [id, worker])).toEqual(
            tasks.map(({ id, worker }) => [id, worker]),
          )
        },
      ),
    )
  })

  it('tasks of equal index share a worker, and indexes go round', () => {
    const { tasks } = plan(keyed(), { parallelism: 3, workers: workers(2) })
    expect(tasks.map(({ id, worker }) => `${id} ${worker}`)).toEqual([
      ...['in[0] w0', 'in[1] w1', 'in[2] w0', 'r[0] w0', 'r[1] w1', 'r[2] w0'],
    ])
  })

  it('more keyed tasks than key groups are refused; others are not', () => {
    expect(() => plan(keyed(), { parallelism: 5, keyGroups: 4 })).toThrowError(
      expect.objectContaining({
        code: 'PARALLELISM_ILLEGAL',
        message: expect.stringContaining('4 key groups'),
      }),
    )
    expect(plan(linear(), { parallelism: 5, keyGroups: 4 }).tasks).toHaveLength(5)
  })

  it('L3: more links between workers than one can reserve memory for are refused', () => {
    expect(plan(keyed(), { parallelism: 32, workers: workers(4) }).tasks).toHaveLength(64)
    expect(() => plan(keyed(), { parallelism: 64, workers: workers(2) })).toThrowError(
      expect.objectContaining({ code: 'LINK_BUDGET', message: expect.stringContaining('worker w0') }),
    )
    expect(plan(keyed(), { parallelism: 64, workers: workers(1) }).tasks).toHaveLength(128)
  })

  it('the largest plan is refused or made in reasonable time', () => {
    expect(() => plan(keyed(), { parallelism: 512, keyGroups: 512, workers: workers(2) })).toThrowError(
      /LINK|links/,
    )
  })
})
