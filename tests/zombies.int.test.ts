// E3, E5, E6, L5: workers that stand still in the middle of a checkpoint (SIGSTOP) while others take their place on the
// same store, output folder and NATS server; then they go on. Nothing of it becomes visible.
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { TcpProxy } from '../scenarios/harness/index.ts'
import { Ledger } from './harness/ledger.ts'
import { startServer, urlOf } from './harness/nats-server.ts'
import type { StartedProcess } from './harness/started-process.ts'

const pidsOf = ({ workers }: StartedProcess): number[] => workers.map(({ pid }) => pid)

/** Its workers stop themselves at the moment of their second such checkpoint, and then it is stopped too. */
async function frozenAt(moment: string, ledger: Ledger, nats: string): Promise<StartedProcess> {
  const OPTIONS = JSON.stringify({ nats })
  const job = ledger.script('run-ledger.ts', { STOP_AT: moment, STOP_HIT: '2', PAD: '200', OPTIONS })
  await job.next('worker.started', 2)
  await job.untilStopped(pidsOf(job))
  job.signal('SIGSTOP')
  await job.untilStopped()
  return job
}

describe('workers that stood still while others took their place', () => {
  it('go on in the middle of a checkpoint: no row appears, none twice, and nobody notices', async () => {
    const ledger = new Ledger()
    const nats = urlOf(await startServer())
    const orphaned = await frozenAt('task.mid-upload', ledger, nats)
    orphaned.signal('SIGKILL')
    const frozen = await frozenAt('sink.before-commit', ledger, nats)
    const living = ledger.run({ nats, env: { PAD: '200' } })
    await living.next('checkpoint.completed', 2)

    // Those whose coordinator is gone end by themselves; as long as one stands still, nobody tells its workers to.
    expect(orphaned.survivors().sort()).toEqual(pidsOf(orphaned).sort())
    for (const pid of [...pidsOf(orphaned), ...pidsOf(frozen)]) process.kill(pid, 'SIGCONT')
    await orphaned.untilGone()
    await living.next('checkpoint.completed', 2)
    await ledger.expectNothingTwice()
    expect(frozen.survivors()).toEqual(expect.arrayContaining(pidsOf(frozen)))
    frozen.signal('SIGCONT')
    expect(await frozen.ended()).toEqual({ code: 1, signal: null })
    expect(frozen.of('job.failed')).toMatchObject([{ code: 'SUPERSEDED' }])
    expect(frozen.survivors()).toEqual([])

    await living.next('checkpoint.completed')
    ledger.openGate()
    expect((await living.ended()).code).toBe(0)
    expect(living.of('job.finished')).toMatchObject([{ records: 20_000, restarts: 0 }])
    await ledger.expectExact()
  })
})

describe('frames of an old epoch', () => {
  it('that arrive after the restart, between workers that took part in both: dropped, exact', async () => {
    const server = await startServer()
    const proxy = await TcpProxy.listen({ port: server.port })
    onTestFinished(() => proxy.close())
    const ledger = new Ledger()
    const OPTIONS = JSON.stringify({ workers: 3, nats: `nats://127.0.0.1:${proxy.port}` })
    const job = ledger.script('run-ledger.ts', { NOTE: '2000', OPTIONS })
    await job.next('checkpoint.completed', 2)
    // What w0 says to w1 stays on its way, until there is a new epoch, for which w2 was replaced.
    proxy.set('up', { held: true }, (hello) => /"name":"mr\.[^"]*\.w0"/.test(hello))
    await vi.waitFor(() => expect(proxy.bytesWaiting).toBeGreaterThan(200_000), { timeout: 30_000 })
    const { connections } = proxy.stats
    const replaced = job.next('worker.started')
    process.kill(job.workers.find(({ worker }) => worker === 'w2')!.pid, 'SIGKILL')
    await replaced
    await vi.waitFor(() => expect(proxy.stats.connections).toBe(connections + 1), { timeout: 30_000 })
    expect(proxy.bytesWaiting).toBeGreaterThan(200_000)
    proxy.heal()
    await job.next('checkpoint.completed', 2)
    ledger.openGate()
    expect((await job.ended()).code, job.stderr).toBe(0)
    expect(job.of('job.finished')).toMatchObject([{ records: 20_000, restarts: 1 }])
    expect(job.of('worker.lost')).toMatchObject([{ worker: 'w2' }])
    await ledger.expectExact()
  })
})
