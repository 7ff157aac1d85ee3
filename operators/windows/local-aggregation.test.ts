import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stepName } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import { limits } from '../../core/limits.ts'
import { toList } from '../aggregates/index.ts'
import type { OperatorInstance } from '../operator.ts'
import { fakeContext } from '../testing/context.ts'
import { sliding } from './assigners.ts'
import { localOperator, type LocalElement } from './local-aggregation.ts'
import { resolveWindowOptions } from './options.ts'
import { Slices } from './slices.ts'

interface Item {
  readonly key: string
  readonly id: number
}

interface Sent {
  readonly element: LocalElement
  readonly atMs: number
}

const assigner = sliding({ sizeMs: 40, slideMs: 10 })
const slices = new Slices(assigner)

function open(given: { readonly singly?: boolean; readonly inTask?: boolean } = {}) {
  const sent: Sent[] = []
  const context = fakeContext({
    inTask: () => given.inTask ?? false,
    emit: (element) => void sent.push({ element: element as LocalElement, atMs: context.time.recordMs }),
  })
  const instance = localOperator({
    assigner,
    definition: {
      keyOf: (record: Item) => record.key,
      aggregate: toList(),
      options: resolveWindowOptions('w', assigner),
    },
    target: stepName('target'),
    singly: () => given.singly ?? false,
  }).create(context)
  const record = (key: string, id: number, atMs: number): void => {
    context.time.recordMs = atMs
    instance.onRecord({ key, id })
    invariant(context.time.recordMs === atMs, 'the register is as it was')
  }
  return { context, instance, sent, record }
}

const idsOf = ({ element }: Sent): number[] =>
  element.kind === 'alone'
    ? [(element.record as Item).id]
    : (element.accumulator as readonly Item[]).map(({ id }) => id)

function pass(instance: OperatorInstance, context: { clock: { watermarkMs: number } }, atMs: number): void {
  context.clock.watermarkMs = atMs
  invariant(instance.watermarkOut !== undefined, 'it is asked about watermarks')
  expect(instance.watermarkOut(atMs, false)).toEqual({ atMs, idle: false })
}

const histories = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ key: fc.constantFrom('a', 'b'), atMs: fc.integer({ min: -30, max: 90 }) }),
    },
    { weight: 1, arbitrary: fc.record({ stepMs: fc.nat(40) }) },
    { weight: 1, arbitrary: fc.constant('flush' as const) },
  ),
  { maxLength: 60 },
)

describe('combining before the shuffle', () => {
  it('sends every record once, in bundles of its key and slice, before a watermark that reaches the slice', () => {
    fc.assert(
      fc.property(histories, (history) => {
        const { context, instance, sent, record } = open()
        const records = new Map<number, { key: string; atMs: number }>()
        let watermarkMs = -50
        history.forEach((event, id) => {
          const before = sent.length
          if (event === 'flush') {
            instance.flush?.()
          } else if ('stepMs' in event) {
            watermarkMs += event.stepMs
            pass(instance, context, watermarkMs)
          } else {
            records.set(id, event)
            record(event.key, id, event.atMs)
          }
          for (const { element } of sent.slice(before)) {
            if (element.kind !== 'bundle') continue
            const due = event !== 'flush' && 'stepMs' in event
            const lastMs = slices.endOf(element.startMs) - 1
            if (due) expect(lastMs).toBeLessThanOrEqual(watermarkMs)
            else expect(lastMs).toBeGreaterThan(watermarkMs)
          }
        })
        instance.flush?.()
        for (const each of sent) {
          if (each.element.kind === 'alone') continue
          const { key, startMs } = each.element
          expect(each.atMs).toBe(slices.endOf(startMs) - 1)
          for (const id of idsOf(each)) {
            const made = records.get(id)
            expect([made?.key, slices.startOf(made?.atMs ?? NaN)]).toEqual([key, startMs])
          }
        }
        expect(sent.flatMap(idsOf).sort((a, b) => a - b)).toEqual([...records.keys()])
      }),
    )
  })

  it('a barrier finds nothing held back, nor does an input that falls idle', () => {
    for (const leave of [
      (i: OperatorInstance) => i.flush?.(),
      (i: OperatorInstance) => i.watermarkOut?.(-5, true),
    ]) {
      const { instance, sent, record } = open()
      for (let id = 0; id < 10; id += 1) record('k', id, 3)
      expect(sent).toEqual([])
      leave(instance)
      expect(sent.flatMap(idsOf)).toHaveLength(10)
    }
  })

  it('holds a bounded number of bundles, and stops trying for a while where that saves little', () => {
    const { sent, record } = open()
    for (let id = 0; id < limits.bundlesMax; id += 1) record(`k${id}`, id, 3)
    expect(sent).toHaveLength(limits.bundlesMax)
    record('k1', 1, 3)
    expect(sent.at(-1)?.element.kind).toBe('alone')
  })

  it('goes on combining where it saves enough', () => {
    const { sent, record } = open()
    for (let id = 0; id < 3 * limits.bundlesMax; id += 1) record(`k${Math.floor(id / 3)}`, id, 3)
    const before = sent.length
    expect(before).toBe(limits.bundlesMax)
    record('k1', 1, 3)
    expect(sent).toHaveLength(before)
  })

  it('records pass as they are where there is nothing to save, or each is asked for', () => {
    for (const given of [{ singly: true }, { inTask: true }]) {
      const { sent, record } = open(given)
      record('k', 1, 3)
      expect(sent).toEqual([{ element: { key: 'k', id: 1 }, atMs: 3 }])
    }
  })
})
