/** The main job as `npm start` runs it, with a fixed seed. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { ScenarioFinished, Transport } from '../harness/verdict.ts'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly lines: readonly { readonly event: string }[]
}

function runFlights(transport: Transport, seed: number): Promise<Ended> {
  const args = ['scenario', 'flights', '--transport', transport, '--seed', String(seed), '--json']
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part))
  return new Promise((resolve) =>
    child.on('close', (code) => {
      const lines = stdout.trimEnd().split('\n')
      resolve({ code, lines: lines.map((line) => JSON.parse(line) as { event: string }) })
    }),
  )
}

const timeoutMs = 240_000

it.each([
  ['nats', 'worker.killed'],
  ['memory', 'failpoint.crashed'],
] as const)(
  'flights over %s: exact after five kills or more',
  async (transport, fault) => {
    const { code, lines } = await runFlights(transport, 1)
    const verdict = lines.at(-1) as ScenarioFinished
    expect(verdict).toMatchObject({
      event: 'scenario.finished',
      name: 'flights',
      transport,
      seed: 1,
      records: 3_000_000,
      lost: 0,
      duplicated: 0,
      mismatched: 0,
      verdict: 'pass',
    })
    expect(verdict.kills).toBeGreaterThanOrEqual(5)
    expect(verdict.restarts).toBeGreaterThanOrEqual(5)
    expect(lines.filter(({ event }) => event === fault)).toHaveLength(verdict.kills)
    expect(verdict.recoveryMsMax).toBeGreaterThanOrEqual(verdict.recoveryMsP50 ?? Infinity)
    expect(code).toBe(0)
  },
  timeoutMs,
)
