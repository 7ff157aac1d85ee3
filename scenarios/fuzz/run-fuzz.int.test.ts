/** `npm run fuzz` notices a decoder that never ends, and one that runs out of memory, and names their cases. */
import { describe, expect, it } from 'vitest'
import { caseOf } from './run-cases.ts'
import { runFuzz } from './run-fuzz.ts'
import type { FuzzTarget } from './target.ts'

interface Fixture {
  readonly targets: readonly FuzzTarget[]
  readonly isFatal: (bytes: Uint8Array) => boolean
}

const fixture = new URL('../../tests/fixtures/hanging-targets.mjs', import.meta.url)
const { targets, isFatal } = (await import(fixture.href)) as Fixture

describe('runFuzz', () => {
  it('names the cases that hang or run out of memory, and runs all others', async () => {
    const [seed, cases] = [2, 300]
    const fatal = Array.from({ length: cases }, (_, number) => ({ number, ...caseOf(targets, seed, number) }))
      .filter(({ bytes }) => isFatal(bytes))
      .map(({ number, target }) => ({ case: number, target: target.name }))
    expect(new Set(fatal.map(({ target }) => target))).toEqual(new Set(['hangs', 'leaks']))

    const report = await runFuzz({
      seed,
      cases,
      targets: fixture,
      hangCpuMsMax: 3_000,
      progress: () => undefined,
    })
    const found = report.failures.map(({ what: _, ...failure }) => failure)
    expect(found.sort((a, b) => a.case - b.case)).toEqual(fatal)
    const whats = new Set(report.failures.map(({ target, what }) => `${target}: ${what}`))
    expect([...whats].sort()).toEqual([
      expect.stringMatching(/^hangs: no answer/),
      expect.stringMatching(/^leaks: .*memory/),
    ])
    const answered = Object.values(report.counts).reduce((sum, { cases: count }) => sum + count, 0)
    expect([report.cases, answered]).toEqual([cases, cases - fatal.length])
  })
})
