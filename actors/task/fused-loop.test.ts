import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { stepName } from '../../core/ids.ts'
import { fusedLoop, plainLoop, type Drain, type InlineStep } from './fused-loop.ts'
import { openGate, type Gate } from './gate.ts'

/** What one step does to numbers; `at` is the number it throws on. */
interface Shape {
  readonly kind: 'map' | 'filter' | 'identity' | 'tap'
  readonly by: number
  readonly throwsAt: number | undefined
}

const shape = fc.record({
  kind: fc.constantFrom('map' as const, 'filter' as const, 'identity' as const, 'tap' as const),
  by: fc.integer({ min: 2, max: 5 }),
  throwsAt: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
})

function makeStep({ kind, by, throwsAt }: Shape, index: number): InlineStep {
  const name = stepName(`s${index}`)
  const check = (n: number): number => {
    if (n === throwsAt) throw new Error(`no ${n}`)
    return n
  }
  switch (kind) {
    case 'identity':
      return { name, form: { kind } }
    case 'tap':
      return { name, form: { kind, fn: (n) => void check(n as number) } }
    case 'map':
      return { name, form: { kind, fn: (n: number) => check(n) + by } }
    case 'filter':
      return { name, form: { kind, fn: (n: number) => check(n) % by !== 0 } }
  }
}

interface Run {
  readonly out: unknown[]
  readonly index: number
  readonly error: string | undefined
  readonly step: unknown
}

function run(
  make: (steps: readonly InlineStep[], tail: (record: unknown) => void) => Drain,
  steps: readonly InlineStep[],
  options: { count: number; until: number; closeAfter: number; tailThrowsAt: number | undefined },
): Run {
  const out: unknown[] = []
  const gate: Gate = openGate()
  const cursor = { index: 0 }
  const drain = make(steps, (record) => {
    if (record === options.tailThrowsAt) throw new Error(`tail ${String(record)}`)
    out.push(record)
    if (out.length === options.closeAfter) gate.leftovers = 1
  })
  const records = Array.from({ length: options.count }, (_, i) => i)
  try {
    drain(records, cursor, Math.min(options.count, options.until), gate)
    return { out, index: cursor.index, error: undefined, step: undefined }
  } catch (error) {
    const { message, details } = error as Error & { details?: { step?: unknown } }
    return { out, index: cursor.index, error: message, step: details?.step }
  }
}

describe('the generated loop', () => {
  it('does what the ordinary loop does: results, errors, the step they name, and where it stands', () => {
    fc.assert(
      fc.property(
        fc.array(shape, { maxLength: 6 }),
        fc.record({
          count: fc.integer({ min: 0, max: 30 }),
          until: fc.integer({ min: 0, max: 40 }),
          closeAfter: fc.integer({ min: 1, max: 40 }),
          tailThrowsAt: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
        }),
        (shapes, options) => {
          const steps = shapes.map(makeStep)
          expect(run(fusedLoop, steps, options)).toEqual(run(plainLoop, steps, options))
        },
      ),
    )
  })

  const steps = [
    { kind: 'map', by: 10, throwsAt: 2 },
    { kind: 'filter', by: 3, throwsAt: undefined },
  ].map((each, i) => makeStep(each as Shape, i))

  it.each([
    ['fusedLoop', fusedLoop],
    ['plainLoop', plainLoop],
  ])('%s: the cursor stands behind the record that failed, and the error names the step', (_, make) => {
    expect(run(make, steps, { count: 5, until: 5, closeAfter: 99, tailThrowsAt: undefined })).toEqual({
      out: [10, 11],
      index: 3,
      error: "'s0' threw on a record: Error: no 2",
      step: 's0',
    })
  })

  it.each([
    ['fusedLoop', fusedLoop],
    ['plainLoop', plainLoop],
  ])('%s: an error of the tail is not a step’s', (_, make) => {
    expect(run(make, steps, { count: 5, until: 5, closeAfter: 99, tailThrowsAt: 11 })).toEqual({
      out: [10],
      index: 2,
      error: 'tail 11',
      step: undefined,
    })
  })

  it.each([
    ['fusedLoop', fusedLoop],
    ['plainLoop', plainLoop],
  ])('%s: T1: no invocation starts while the gate is closed', (_, make) => {
    const out: unknown[] = []
    const drain = make([], (record) => void out.push(record))
    for (const gate of [
      { blocked: 1, leftovers: 0 },
      { blocked: 0, leftovers: 1 },
    ]) {
      const cursor = { index: 0 }
      drain([1, 2], cursor, 2, gate)
      expect([out, cursor.index]).toEqual([[], 0])
    }
  })

  it.each([
    ['fusedLoop', fusedLoop],
    ['plainLoop', plainLoop],
  ])('%s: truthy is enough for a filter, but a Promise is refused', (_, make) => {
    const filter = (fn: () => unknown): InlineStep[] => [
      { name: stepName('f'), form: { kind: 'filter', fn: fn as () => boolean } },
    ]
    const out: unknown[] = []
    const tail = (record: unknown): void => void out.push(record)
    make(
      filter(() => 'yes'),
      tail,
    )([1], { index: 0 }, 1, openGate())
    make(
      filter(() => undefined),
      tail,
    )([2], { index: 0 }, 1, openGate())
    expect(out).toEqual([1])
    expect(() =>
      make(
        filter(async () => false),
        tail,
      )([3], { index: 0 }, 1, openGate()),
    ).toThrowError(expect.objectContaining({ code: 'OPERATOR_ASYNC', details: { step: 'f' } }))
  })

  it('where code generation is forbidden, the ordinary loop takes over', () => {
    vi.stubGlobal('Function', function forbidden() {
      throw new EvalError('Code generation from strings disallowed for this context')
    })
    try {
      expect(
        run(fusedLoop, steps, { count: 2, until: 2, closeAfter: 99, tailThrowsAt: undefined }).out,
      ).toEqual([10, 11])
    } finally {
      vi.unstubAllGlobals()
    }
  })
})

describe('the time of the record in hand', () => {
  it.each([
    ['the generated loop', fusedLoop],
    ['the plain loop', plainLoop],
  ])('%s: is in the register before each record, NaN where a batch has none', (_, make) => {
    const register = { recordMs: 0 }
    const seen: unknown[] = []
    const tap: InlineStep = {
      name: stepName('tap'),
      form: { kind: 'tap', fn: (n) => (register.recordMs += (n as number) / 10) },
    }
    const drain = make([tap], (n) => void seen.push([n, register.recordMs]), register)
    drain([1, 2], { index: 0 }, 2, openGate(), [100, 200])
    drain([3], { index: 0 }, 1, openGate())
    expect(seen).toEqual([
      [1, 100.1],
      [2, 200.2],
      [3, NaN],
    ])
  })

  it.each([
    ['the generated loop', fusedLoop],
    ['the plain loop', plainLoop],
  ])('%s: without a register is not looked at', (_, make) => {
    const seen: unknown[] = []
    make([], (n) => void seen.push(n))([1], { index: 0 }, 1, openGate(), [100])
    expect(seen).toEqual([1])
  })
})
