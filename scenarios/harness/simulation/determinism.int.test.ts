/** The same seed is the same history in two processes: what decides is the seed, never memory, time or load. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { simulate } from './simulate.ts'
import { engineFlows } from './testing/all.ts'

const child = `
  const { simulate } = await import(process.argv[1] + 'simulate.js')
  const { engineFlows } = await import(process.argv[1] + 'testing/all.js')
  const hashes = {}
  for (const [name, maker] of Object.entries(engineFlows).reverse())
    hashes[name] = (await simulate(maker, { from: 7, seeds: 4 })).traceHash
  console.log(JSON.stringify(hashes))
`

it('the same seeds give the same histories in two processes', { timeout: 300_000 }, async () => {
  const built = new URL('../../../dist/scenarios/harness/simulation/', import.meta.url)
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', child, fileURLToPath(built)],
    { maxBuffer: 1024 * 1024 },
  )
  const here: Record<string, string> = {}
  for (const [name, maker] of Object.entries(engineFlows))
    here[name] = (await simulate(maker, { from: 7, seeds: 4 })).traceHash
  expect(JSON.parse(stdout)).toEqual(here)
  expect(new Set(Object.values(here)).size).toBe(Object.keys(engineFlows).length)
})
