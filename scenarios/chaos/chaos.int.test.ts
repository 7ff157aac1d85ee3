/** A small share of `npm run chaos`, as it is run. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import type { ChaosEvent } from './run-chaos.ts'

const main = fileURLToPath(new URL('../../dist/scenarios/chaos.js', import.meta.url))
const kills = 10

it(
  'ten kills of workers, parents and servers: nothing lost, doubled or left behind',
  { timeout: 300_000 },
  async () => {
    const args = [main, '--kills', String(kills), '--round', '10', '--seed', '3', '--json']
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 })
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as ChaosEvent)
    const finished = events.at(-1)
    expect(finished).toMatchObject({
      event: 'chaos.finished',
      verdict: 'pass',
      lost: 0,
      duplicated: 0,
      mismatched: 0,
      faults: 0,
    })
    if (finished?.event !== 'chaos.finished') return
    expect(finished.kills).toBeGreaterThanOrEqual(kills)
    expect(finished.records).toBe(finished.rounds * 100_000)
    expect(Math.min(...Object.values(finished.killsByRole))).toBeGreaterThan(0)
    expect(events.filter(({ event }) => event === 'chaos.kill')).toHaveLength(finished.kills)
  },
)

it('bad usage ends with 2', async () => {
  const run = promisify(execFile)(process.execPath, [main, '--kills', 'many'])
  await expect(run).rejects.toMatchObject({ code: 2 })
})
