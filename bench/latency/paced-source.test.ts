import { expect, it } from 'vitest'
import { nowMs, pacedSource, type Paced } from './paced-source.ts'

/** Times at which records were due and given. */
async function read(paced: Paced): Promise<readonly { readonly dueMs: number; readonly givenMs: number }[]> {
  const source = pacedSource(paced, (_, dueMs) => dueMs)
  const reader = await source.open('0', null, undefined as never)
  const given: { readonly dueMs: number; readonly givenMs: number }[] = []
  for (let chunk = await reader.read(); chunk; chunk = await reader.read()) {
    const givenMs = nowMs()
    for (const dueMs of chunk.records) given.push({ dueMs: dueMs as number, givenMs })
  }
  return given
}

it('gives each record once it is due, and says when that was, however late it is asked', async () => {
  const given = await read({ count: 300, perSecond: 10_000 })
  expect(given).toHaveLength(300)
  const [first] = given
  given.forEach(({ dueMs, givenMs }, i) => {
    expect(dueMs).toBeCloseTo((first?.dueMs ?? 0) + i / 10, 6)
    expect(givenMs).toBeGreaterThanOrEqual(dueMs)
  })
})

it('without a pace everything is due at once', async () => {
  const given = await read({ count: 3_000, perSecond: Infinity })
  expect(given).toHaveLength(3_000)
  expect(given.every(({ dueMs, givenMs }) => dueMs <= givenMs)).toBe(true)
})
