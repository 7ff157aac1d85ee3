/**
 * The loop over a batch, generated per chain: the stateless steps at its head are written out in line, so that a
 * record costs no call between them. Every loop has source text of its own, since equal texts would share type
 * feedback (an identical text ran three times slower when measured). Where code generation is forbidden, an
 * ordinary loop does the same.
 */
import type { StepName } from '../../core/ids.ts'
import { operatorThrew, rejectPromise } from '../../operators/errors.ts'
import type { Emit, InlineForm, TimeRegister } from '../../operators/operator.ts'
import { isOpen, type Gate } from './gate.ts'

export interface InlineStep {
  readonly name: StepName
  readonly form: Exclude<InlineForm, { readonly kind: 'tap' }> | TapForm
}

/** Bound to its instance: a tap has state. */
interface TapForm {
  readonly kind: 'tap'
  readonly fn: (record: unknown) => void
}

/** Where a batch is at; moved before a record is worked on, so that it names the failing one. */
export interface Cursor {
  /** Index of the next record. */
  index: number
}

/** Invokes records[cursor.index …] while the gate is open, up to `until`; `times` are theirs, where they have some. */
export type Drain = (
  records: readonly unknown[],
  cursor: Cursor,
  until: number,
  gate: Gate,
  times?: readonly number[],
) => void

let loops = 0

/** With a `register` the loop sets it to each record's time, NaN where a batch has none. */
export function fusedLoop(steps: readonly InlineStep[], tail: Emit, register?: TimeRegister): Drain {
  const inline = steps.filter((step) => step.form.kind !== 'identity')
  const fns = inline.map(({ form }) => (form.kind === 'identity' ? undefined : form.fn))
  const located = (step: number, cause: unknown): unknown => {
    const failed = inline[step]
    return failed ? operatorThrew(failed.name, cause) : cause
  }
  const truthy = (step: number, pass: unknown): void => {
    const filter = inline[step]
    if (filter) rejectPromise(filter.name, pass)
  }
  const source = loopSource(inline, register !== undefined)
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- source text made of constants alone
    const make = new Function('fns', 'tail', 'located', 'truthy', 'register', source) as (
      fns: readonly unknown[],
      tail: Emit,
      located: (step: number, cause: unknown) => unknown,
      truthy: (step: number, pass: unknown) => void,
      register: TimeRegister | undefined,
    ) => Drain
    return make(fns, tail, located, truthy, register)
  } catch (cause) {
    if (cause instanceof EvalError) return plainLoop(inline, tail, register)
    throw cause
  }
}

function loopSource(steps: readonly InlineStep[], timed: boolean): string {
  loops += 1
  const declarations = steps.map((_, i) => `const f${i} = fns[${i}]`)
  const body = steps.map(({ form }, i) => `step = ${i}; ${lineOf(form.kind, i)}`)
  return [
    ...declarations,
    `return function drain${loops}(records, cursor, until, gate, times) {`,
    `  let i = cursor.index, step = -1, pass`,
    `  try {`,
    `    while (i < until && gate.blocked === 0 && gate.leftovers === 0) {`,
    ...(timed ? ['      register.recordMs = times === undefined ? NaN : times[i]'] : []),
    `      let value = records[i++]`,
    ...body.map((line) => `      ${line}`),
    ...(steps.length > 0 ? ['      step = -1'] : []),
    `      tail(value)`,
    `    }`,
    `  } catch (cause) {`,
    `    throw located(step, cause)`,
    `  } finally {`,
    `    cursor.index = i`,
    `  }`,
    `}`,
  ].join('\n')
}

function lineOf(kind: InlineStep['form']['kind'], i: number): string {
  if (kind === 'tap') return `f${i}(value)`
  if (kind !== 'filter') return `value = f${i}(value)`
  return `pass = f${i}(value); if (pass !== true) { if (!pass) continue; truthy(step, pass) }`
}

/** The same as the generated loop, for where `new Function` is not allowed. */
export function plainLoop(steps: readonly InlineStep[], tail: Emit, register?: TimeRegister): Drain {
  const apply = steps.reduceRight<Emit>((next, { name, form }) => {
    if (form.kind === 'identity') return next
    return (record) => {
      let result: unknown
      try {
        result = form.fn(record as never)
        if (form.kind === 'filter' && typeof result !== 'boolean') rejectPromise(name, result)
      } catch (cause) {
        throw operatorThrew(name, cause)
      }
      if (form.kind === 'map') next(result)
      else if (form.kind === 'tap' || result) next(record)
    }
  }, tail)
  return (records, cursor, until, gate, times) => {
    while (cursor.index < until && isOpen(gate)) {
      if (register) register.recordMs = times?.[cursor.index] ?? NaN
      const record = records[cursor.index]
      cursor.index += 1
      apply(record)
    }
  }
}
