// L3, L4: a NATS server that throws a worker out because it does not read what it is sent.
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { TcpProxy } from '../../scenarios/harness/index.ts'
import { Ledger } from '../harness/ledger.ts'
import { startServer } from '../harness/nats-server.ts'

const pendingBytesMax = 256 * 1024

describe('a worker that NATS takes for a slow consumer', () => {
  it('is thrown out, reconnects, and its links heal: no restart, nothing lost or doubled', async () => {
    const server = await startServer({
      config: `max_payload: ${pendingBytesMax}\nmax_pending: ${pendingBytesMax}\nwrite_deadline: "1s"\n`,
    })
    const proxy = await TcpProxy.listen({ port: server.port, waitingBytesMax: 1 })
    onTestFinished(() => proxy.close())
    const ledger = new Ledger()
    const job = ledger.run({
      nats: `nats://127.0.0.1:${proxy.port}`,
      args: ['--parallelism', '8'],
      env: { NOTE: '4000' },
    })
    await job.next('checkpoint.completed', 2)
    const { connections } = proxy.stats
    proxy.set('down', { held: true }, (hello) => /"name":"mr\.[^"]*\.w1"/.test(hello))
    const waiting = { timeout: 30_000, interval: 50 }
    await vi.waitFor(() => expect(server.log()).toMatch(/slow consumer/i), waiting)
    proxy.heal()
    await vi.waitFor(() => expect(proxy.stats.connections).toBeGreaterThan(connections), waiting)
    await job.next('checkpoint.completed', 2)
    ledger.openGate()
    expect((await job.ended()).code).toBe(0)
    expect(job.of('job.finished')).toMatchObject([{ records: 20_000, restarts: 0 }])
    expect(job.of('worker.lost')).toEqual([])
    await ledger.expectExact()
  })
})
