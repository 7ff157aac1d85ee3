// What cannot work is said in one clear message, with its exit code: 1 where the world is to blame, 2 the command.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fixture, Ledger, millrace } from './harness/ledger.ts'

const flowFile = fixture('ledger.ts')

interface Refusal {
  readonly what: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly code: number
  /** Its code, or how that begins. */
  readonly error: string
  readonly says: readonly string[]
}

async function expectRefused({ args, env = {}, code, error, says }: Omit<Refusal, 'what'>): Promise<void> {
  const ledger = new Ledger()
  const human = millrace(['run', ...args], { ...ledger.env, ...env })
  expect(await human.ended()).toEqual({ code, signal: null })
  expect(human.lines).toEqual([])
  for (const part of [error, ...says]) expect(human.stderr).toContain(part)
  expect(human.stderr).not.toMatch(/^\s+at /m)
  expect(human.stderr.split('\n').filter((line) => line.startsWith('millrace:'))).toHaveLength(1)
  const machine = millrace(['run', ...args, '--json'], { ...ledger.env, ...env })
  expect(await machine.ended()).toEqual({ code, signal: null })
  expect(machine.events.at(-1)).toMatchObject({
    event: 'job.failed',
    code: expect.stringContaining(error),
  })
  expect([...human.survivors(), ...machine.survivors()]).toEqual([])
}

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe('millrace run refuses', () => {
  it.each<Refusal>([
    {
      what: 'a NATS_SERVER that is none',
      args: [flowFile, '--workers', '2'],
      env: { NATS_SERVER: '/nonexistent' },
      code: 1,
      error: 'NATS_SERVER_MISSING',
      says: ['/nonexistent'],
    },
    {
      what: 'embedded NATS without a nats-server',
      args: [flowFile, '--workers', '2', '--nats', 'embedded'],
      env: { NATS_SERVER: '', PATH: '/nonexistent' },
      code: 1,
      error: 'NATS_SERVER_MISSING',
      says: ['install it', 'NATS_SERVER'],
    },
    {
      what: 'what is no URL',
      args: [flowFile, '--workers', '2', '--nats', 'localhost'],
      code: 2,
      error: 'OPTION_ILLEGAL',
      says: ['"localhost"', 'nats://'],
    },
    {
      what: 'a URL without workers',
      args: [flowFile, '--nats', 'nats://localhost:4222'],
      code: 2,
      error: 'OPTION_ILLEGAL',
      says: ['workers'],
    },
    {
      what: 'a file that is not there',
      args: ['no-such-flow.ts', '--workers', '2'],
      code: 2,
      error: 'FILE_MISSING',
      says: ['no-such-flow.ts'],
    },
  ])('$what: $error', (refusal) => expectRefused(refusal))

  it('a URL where no server is: NATS_UNREACHABLE', async () => {
    const url = `nats://127.0.0.1:${await freePort()}`
    await expectRefused({
      args: [flowFile, '--workers', '2', '--nats', url],
      code: 1,
      error: 'NATS_UNREACHABLE',
      says: [url],
    })
  })

  it.each(['0', '2'])('a store folder in whose place a file is, workers: %s', async (workers) => {
    const ledger = new Ledger()
    writeFileSync(ledger.store, 'a file')
    await expectRefused({
      args: [flowFile, '--workers', workers, '--checkpoints', ledger.store],
      code: 1,
      error: 'STORE_',
      says: [ledger.store],
    })
  })

  it('an output folder in whose place a file is', async () => {
    const ledger = new Ledger()
    writeFileSync(ledger.out, 'a file')
    await expectRefused({
      args: [flowFile, '--workers', '2', '--checkpoints', ledger.store],
      env: { OUT: ledger.out },
      code: 1,
      error: 'OUTPUT_UNWRITABLE',
      says: [ledger.out],
    })
  })

  it('output that no checkpoint explains', async () => {
    const ledger = new Ledger()
    mkdirSync(ledger.out)
    writeFileSync(join(ledger.out, 'part-0-1.jsonl'), '{"kind":"entry"}\n')
    await expectRefused({
      args: [flowFile, '--workers', '2', '--checkpoints', ledger.store],
      env: { OUT: ledger.out },
      code: 1,
      error: 'OUTPUT_EXISTS',
      says: [ledger.out],
    })
  })

  it.each([
    ['an unknown option', [flowFile, '--worker', '2'], '--worker'],
    ['no file', ['--workers', '2'], 'file'],
    ['a number that is none', [flowFile, '--workers', 'two'], 'two'],
  ])('%s: exit code 2, before anything is started', async (_what, args, says) => {
    const refused = millrace(['run', ...args])
    expect(await refused.ended()).toEqual({ code: 2, signal: null })
    expect(refused.stderr).toContain(says)
    expect(refused.stderr).not.toMatch(/^\s+at /m)
    expect(refused.events).toEqual([])
  })
})
