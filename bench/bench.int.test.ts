import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { allBenches, quickSizes } from './benches.ts'

const main = fileURLToPath(new URL('../dist/bench/main.js', import.meta.url))

const bench = (...args: string[]) => promisify(execFile)(process.execPath, [main, ...args])

interface Line {
  readonly event: string
  readonly bench?: string
  readonly of?: string
  readonly to?: string
  readonly ratio?: { readonly median: number }
  readonly value?: number | { readonly median: number }
}

describe('npm run bench', () => {
  it('--quick --json: every bench runs, results are checked, every ratio is a number', async () => {
    const { stdout } = await bench('--quick', '--json')
    const lines = stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as Line) // prettier-ignore
    const ratios = lines.filter(({ event }) => event === 'bench.ratio')
    const limits = lines.filter(({ event }) => event === 'bench.limit')
    const benches = allBenches(quickSizes, 'nats://unused')
    expect(ratios.map((line) => [line.bench, line.of, line.to])).toEqual(
      benches.flatMap(({ name, ratios }) => ratios.map(({ of, to }) => [name, of, to])),
    )
    for (const { ratio, ...which } of ratios) {
      expect(Number.isFinite(ratio?.median) && ratio!.median > 0, JSON.stringify({ ratio, ...which })).toBe(
        true,
      )
    }
    expect(limits).toHaveLength(benches.flatMap((each) => each.limits ?? []).length)
    for (const { value } of limits) expect(Number.isFinite(value)).toBe(true)
    expect(lines.at(-1)).toMatchObject({ event: 'bench.finished' })
  }, 180_000)

  it('a wrong name or option is refused before anything runs', async () => {
    await expect(bench('--only', 'nothing')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no bench'),
    })
    await expect(bench('--slow')).rejects.toMatchObject({ code: 2 })
  })
})
