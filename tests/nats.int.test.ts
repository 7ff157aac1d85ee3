// L4: the NATS server is killed with -9 and comes back; links heal, nothing restarts, no record is lost or doubled.
import { rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { findNatsServer } from '../transport/nats/server-binary.ts'
import { Ledger } from './harness/ledger.ts'
import { startServer, urlOf } from './harness/nats-server.ts'

describe('NATS killed while a job runs', () => {
  it('embedded, twice: it comes back on its own port, and the job goes on without a restart', async () => {
    const ledger = new Ledger()
    const job = ledger.run()
    await job.next('checkpoint.completed', 2)
    for (let kill = 0; kill < 2; kill += 1) {
      const { natsPid: pid } = job
      const back = job.next('nats.started')
      process.kill(pid, 'SIGKILL')
      expect((await back).pid).not.toBe(pid)
      expect(job.of('nats.lost').at(-1)).toMatchObject({ pid })
      await job.next('checkpoint.completed', 2)
    }
    ledger.openGate()
    expect((await job.ended()).code).toBe(0)
    expect(job.of('job.finished')).toMatchObject([{ records: 20_000, restarts: 0 }])
    expect(job.of('worker.lost')).toEqual([])
    await ledger.expectExact()
  })

  it('embedded, and its program is gone: the job fails and says so', async () => {
    const ledger = new Ledger()
    const program = join(ledger.folder, 'nats-server')
    symlinkSync(findNatsServer(process.env), program)
    const job = ledger.run({ env: { NATS_SERVER: program } })
    await job.next('checkpoint.completed')
    rmSync(program)
    process.kill(job.natsPid, 'SIGKILL')
    expect((await job.ended()).code).toBe(1)
    expect(job.of('job.failed')).toMatchObject([{ code: 'NATS_SERVER_FAILED' }])
    expect(job.survivors()).toEqual([])
  })

  it('a server of its own, away for a second: the job goes on without a restart', async () => {
    const ledger = new Ledger()
    const server = await startServer()
    const job = ledger.run({ nats: urlOf(server) })
    await job.next('checkpoint.completed', 2)
    for (let kill = 0, living = server; kill < 2; kill += 1) {
      living.kill('SIGKILL')
      await living.exited
      await sleep(1_000)
      living = await startServer({ port: server.port })
      await job.next('checkpoint.completed', 2)
    }
    ledger.openGate()
    expect((await job.ended()).code).toBe(0)
    expect(job.of('nats.started')).toEqual([])
    expect(job.of('job.finished')).toMatchObject([{ records: 20_000, restarts: 0 }])
    await ledger.expectExact()
  })

  it('a worker and the server at once: the replacement waits for the server', async () => {
    const ledger = new Ledger()
    const server = await startServer()
    const job = ledger.run({ nats: urlOf(server) })
    await job.next('checkpoint.completed', 2)
    server.kill('SIGKILL')
    process.kill(job.workers[0]!.pid, 'SIGKILL')
    await server.exited
    await sleep(1_000)
    await startServer({ port: server.port })
    await job.next('checkpoint.completed', 2)
    ledger.openGate()
    expect((await job.ended()).code).toBe(0)
    await ledger.expectExact()
  })
})
