// Real jobs over a real NATS server behind a proxy that does what networks do. Nothing restarts, nothing is lost or
// doubled: links heal (L4). What the faults of one test begin, its next one meets.
import { readdirSync } from 'node:fs'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { TcpProxy, type Select } from '../../scenarios/harness/index.ts'
import { Ledger } from '../harness/ledger.ts'
import { startServer } from '../harness/nats-server.ts'
import type { StartedProcess } from '../harness/started-process.ts'

/** Two workers' and the coordinator's. */
const connectionsOfJob = 3

interface Behind {
  readonly ledger: Ledger
  readonly proxy: TcpProxy
  readonly job: StartedProcess
}

async function runBehindProxy(): Promise<Behind> {
  const server = await startServer()
  const proxy = await TcpProxy.listen({ port: server.port })
  onTestFinished(() => proxy.close())
  const ledger = new Ledger()
  const job = ledger.run({ nats: `nats://127.0.0.1:${proxy.port}` })
  await job.next('checkpoint.completed', 2)
  return { ledger, proxy, job }
}

/** The NATS client says its name in its first words: `mr.<flow>.<run>.<worker>`. */
const worker =
  (id: string): Select =>
  (hello) =>
    new RegExp(`"name":"mr\\.[^"]*\\.${id}"`).test(hello)

const until = (holds: () => boolean): Promise<void> =>
  vi.waitFor(() => expect(holds()).toBe(true), { timeout: 30_000, interval: 20 })

async function expectExactWithoutRestart({ ledger, job }: Behind): Promise<void> {
  await job.next('checkpoint.completed', 2)
  ledger.openGate()
  expect((await job.ended()).code).toBe(0)
  expect(job.of('job.finished')).toMatchObject([{ records: 20_000, restarts: 0 }])
  // No double start: nobody was taken for dead.
  expect(job.of('worker.started')).toHaveLength(2)
  expect(job.of('worker.lost')).toEqual([])
  await ledger.expectExact()
  ledger.expectNothingStaged()
}

describe('a job whose network is interrupted', () => {
  it('a worker is cut off in silence, one way, the other and both; connections are cut in the middle of a message', async () => {
    const behind = await runBehindProxy()
    const { proxy, job } = behind
    const late = (): number => proxy.stats.up.delayed + proxy.stats.down.delayed
    for (const direction of ['up', 'down', 'both'] as const) {
      const before = late()
      proxy.set(direction, { held: true }, worker('w1'))
      const completed = job.of('checkpoint.completed').length
      await until(() => late() >= before + 30)
      // Without this worker none completes, but for one that it had acknowledged before.
      expect(job.of('checkpoint.completed').length - completed, direction).toBeLessThanOrEqual(1)
      proxy.heal()
      await job.next('checkpoint.completed')
    }
    for (let cuts = 1; cuts <= 4; cuts += 1) {
      // Until it said its name, a connection that was opened again is nobody's.
      await until(() => proxy.cut('down', worker(cuts % 2 === 0 ? 'w0' : 'w1')) === 1)
      await until(() => proxy.stats.cuts === cuts)
    }
    await expectExactWithoutRestart(behind)
    expect(proxy.stats.connections).toBe(connectionsOfJob + 4)
  })

  it('flapping: every connection is reset again and again, and none is leaked', async () => {
    const behind = await runBehindProxy()
    const { proxy, job } = behind
    const descriptors = (): number[] => job.workers.map(({ pid }) => readdirSync(`/proc/${pid}/fd`).length)
    const before = descriptors()
    for (let flaps = 1; flaps <= 6; flaps += 1) {
      expect(proxy.reset()).toBe(connectionsOfJob)
      await until(() => proxy.stats.connections >= connectionsOfJob * (flaps + 1))
      await until(() => proxy.stats.open === connectionsOfJob)
    }
    await job.next('checkpoint.completed', 2)
    descriptors().forEach((count, index) => expect(count).toBeLessThanOrEqual(before[index]! + 2))
    await expectExactWithoutRestart(behind)
    await until(() => proxy.stats.open === 0)
  })
})

describe('a job whose network is slow', () => {
  it('a half-open connection is noticed while messages are late by up to 5 s; a slow link is waited for', async () => {
    const behind = await runBehindProxy()
    const { proxy } = behind
    expect(proxy.halfOpen(worker('w0'))).toBe(1)
    proxy.set('both', { jitterMs: 5_000 })
    await until(() => proxy.stats.connections > connectionsOfJob)
    await until(() => proxy.stats.up.delayed >= 15 && proxy.stats.down.delayed >= 15)
    proxy.heal()
    await behind.job.next('checkpoint.completed')
    proxy.set('both', { bytesPerSecond: 100_000 })
    const before = proxy.stats.up.delayed
    await expectExactWithoutRestart(behind)
    expect(proxy.stats.up.delayed - before).toBeGreaterThan(50)
  })
})
