// The lint rule that holds "nothing ambient" (eslint.config.js): what it refuses, and where.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ESLint } from 'eslint'
import { describe, expect, it } from 'vitest'

const eslint = new ESLint({ cwd: dirname(dirname(fileURLToPath(import.meta.url))) })

/** Whether the ports rule refuses `text` as (part of) the source at `filePath`; other rules do not matter here. */
async function refuses(filePath: string, text: string): Promise<boolean> {
  const [result] = await eslint.lintText(`${text}\n`, { filePath })
  const messages = result?.messages ?? []
  const broken = messages.find(({ fatal }) => fatal)
  if (broken !== undefined) throw new Error(`${filePath}: ${broken.message}`)
  return messages.some(({ ruleId }) => ruleId?.startsWith('no-restricted') || ruleId === 'no-console')
}

const engineFile = 'core/elements.ts'
const adapterFile = 'core/system/time.ts'

describe('ports rule', () => {
  it.each([
    'export const now = Date.now()',
    'export const now = new Date()',
    'export const now = performance.now()',
    'export const now = globalThis.performance.now()',
    'export const chance = Math.random()',
    'export const id = crypto.randomUUID()',
    'setTimeout(() => {}, 1)',
    'setInterval(() => {}, 1)',
    'setImmediate(() => {})',
    'queueMicrotask(() => {})',
    'export const path = process.env',
    `export * from 'node:fs'`,
    `import 'node:fs/promises'`,
    `import 'node:net'`,
    `import 'node:os'`,
    `import 'node:worker_threads'`,
    `import 'node:child_process'`,
    `import 'node:timers/promises'`,
    `import { randomBytes } from 'node:crypto'`,
    `import { gzip } from 'node:zlib'`,
    `import type { KV } from '@nats-io/kv'`,
    `export const kv = await import('@nats-io/kv')`,
    `console.log('x')`,
  ])('engine code: %s is refused', async (text) => {
    expect(await refuses(engineFile, text)).toBe(true)
  })

  it.each([
    'export const epoch = new Date(0)',
    `import { createHash } from 'node:crypto'`,
    `import { crc32 } from 'node:zlib'`,
  ])('engine code: %s is allowed', async (text) => {
    expect(await refuses(engineFile, text)).toBe(false)
  })

  it('adapters may do what they adapt', async () => {
    expect(await refuses(adapterFile, `import 'node:fs'\nexport const now = Date.now()`)).toBe(false)
  })

  it('msgpackr is for the codec alone', async () => {
    expect(await refuses(engineFile, `import { Packr } from 'msgpackr'`)).toBe(true)
    expect(await refuses(adapterFile, `import { Packr } from 'msgpackr'`)).toBe(true)
  })
})
