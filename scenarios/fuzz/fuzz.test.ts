/** A bounded share of `npm run fuzz`, and that it would notice. */
import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../core/errors.ts'
import { seededRandom } from '../../core/simulated/random.ts'
import { mutate } from './mutate.ts'
import { caseOf, runCases } from './run-cases.ts'
import type { FuzzTarget } from './target.ts'
import { targets } from './targets.ts'

const cases = 30_000

describe('decoders of what comes from a wire or a disk', () => {
  it('answer damaged and forged bytes with a value or a typed error', { timeout: 120_000 }, () => {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    try {
      const { counts, failures } = runCases(targets, { seed: 1, from: 0, to: cases })
      expect(failures).toEqual([])
      for (const [name, { cases: run, accepted, rejected }] of Object.entries(counts)) {
        expect(run, name).toBeGreaterThan(cases / targets.length - 1)
        // Mutations reach both sides: what still is a value, and what is none.
        expect(accepted, name).toBeGreaterThan(50)
        expect(Object.keys(rejected).length, name).toBeGreaterThan(0)
      }
    } finally {
      Error.stackTraceLimit = limit
    }
  })

  it.each(targets.map((target) => [target.name, target] as const))(
    '%s reads its own samples',
    (_, target) => {
      for (const sample of target.samples) expect(target.read(sample)).toBe(true)
    },
  )

  it('resealed bytes get past the checksums', () => {
    const sealed = targets.filter(({ reseal }) => reseal)
    expect(sealed.map(({ name }) => name)).toEqual(['frame', 'channel', 'slot', 'state', 'control'])
    for (const { samples, reseal, read, name } of sealed) {
      const bytes = Buffer.from(samples[0]!)
      reseal!(bytes)
      expect(bytes.equals(samples[0]!), name).toBe(true)
      expect(read(bytes), name).toBe(true)
    }
  })
})

describe('runCases', () => {
  const target = (read: FuzzTarget['read']): FuzzTarget => ({
    name: 'own',
    samples: [Buffer.from('sample')],
    read,
  })
  const failuresOf = (read: FuzzTarget['read'], cases = 5): string[] =>
    runCases([target(read)], { seed: 1, from: 0, to: cases }).failures.map(({ what }) => what)

  it('notices an untyped error, a broken invariant and a slow case', () => {
    const untyped = failuresOf(() => raise(new TypeError('untyped')))
    expect(untyped).toHaveLength(5)
    const contradiction = new MillraceError('INVARIANT', 'broken', { retry: 'retry' })
    expect(failuresOf(() => raise(contradiction))).toHaveLength(5)
    expect(failuresOf(() => spin(510), 1)).toEqual([expect.stringMatching(/^took \d+ ms$/)])
  })

  it('counts a typed error as an answer', () => {
    expect(failuresOf(() => raise(new MillraceError('NO', 'no', { retry: 'retry' })))).toEqual([])
  })

  it('a case is a function of its seed and number', () => {
    for (let number = 0; number < 200; number += 1) {
      const { target: own, bytes } = caseOf(targets, 7, number)
      expect(own).toBe(targets[number % targets.length])
      expect(caseOf(targets, 7, number).bytes.equals(bytes)).toBe(true)
    }
    const differing = [8, 9].map((seed) => caseOf(targets, seed, 3).bytes.toString('hex'))
    expect(new Set(differing).size).toBe(2)
  })

  it('mutants differ from their samples, and are bounded', () => {
    const samples = [Buffer.alloc(1_000, 7)]
    const mutants = Array.from({ length: 2_000 }, (_, seed) => mutate(seededRandom(seed), samples))
    expect(mutants.filter((bytes) => !bytes.equals(samples[0]!)).length).toBeGreaterThan(1_800)
    expect(Math.max(...mutants.map((bytes) => bytes.length))).toBeLessThanOrEqual(64 * 1024)
    expect(samples[0]!.equals(Buffer.alloc(1_000, 7))).toBe(true)
  })
})

function raise(error: Error): never {
  throw error
}

function spin(ms: number): boolean {
  for (const until = performance.now() + ms; performance.now() < until;);
  return true
}
