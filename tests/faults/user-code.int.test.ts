// User code that does what no handler may: blocks, never returns, leaks, ends its process, leaves promises alone.
// Real worker processes; the job goes on exactly where the trouble passes, and fails in so many words where it stays.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readJsonlFolder } from '../../scenarios/harness/jsonl.ts'
import { fixture, register, temporaryFolder } from '../harness/ledger.ts'
import { start, type StartedProcess } from '../harness/started-process.ts'

const count = 20_000

interface Troubled {
  readonly job: StartedProcess
  readonly once: string
  expectExact(): Promise<void>
}

function run(trouble: string, env: NodeJS.ProcessEnv = {}, nodeArgs: readonly string[] = []): Troubled {
  const folder = temporaryFolder()
  const [out, once] = [join(folder, 'out'), join(folder, 'once')]
  const job = start(process.execPath, [...nodeArgs, '--import', register, fixture('run-trouble.mts')], {
    env: { TROUBLE: trouble, OUT: out, ONCE: once, STORE: join(folder, 'store'), TMPDIR: folder, ...env },
  })
  return {
    job,
    once,
    async expectExact() {
      const rows = await readJsonlFolder<{ key: number; sum: number }>(out)
      const wanted = Array.from({ length: 50 }, (_, key) => {
        let sum = 0
        for (let id = key; id < count; id += 50) sum += id
        return { key, sum }
      })
      expect(rows.sort((a, b) => a.key - b.key)).toEqual(wanted)
    },
  }
}

describe('user code that passes', () => {
  it.each([
    ['process.exit', 'exits', /^exit code 3$/],
    ['a promise that rejects and is left alone', 'rejects', /^exit code 1$/],
    ['a throw outside of any handler', 'throws later', /^exit code [17]$/],
  ])('%s: its worker is replaced, exact', async (_, trouble, reason) => {
    const { job, once, expectExact } = run(trouble)
    expect((await job.ended()).code, job.stderr).toBe(0)
    expect(existsSync(once)).toBe(true)
    expect(job.of('worker.lost')).toMatchObject([{ reason: expect.stringMatching(reason) }])
    expect(job.of('job.finished')).toMatchObject([{ records: count, restarts: 1 }])
    await expectExact()
    expect(job.survivors()).toEqual([])
  })

  it('memory without end: the worker dies of it and is replaced, exact', async () => {
    const { job, expectExact } = run('leaks', {}, ['--max-old-space-size=128'])
    expect((await job.ended()).code, job.stderr).toBe(0)
    expect(job.of('worker.lost')).toHaveLength(1)
    expect(job.stderr).toContain('heap out of memory')
    await expectExact()
  })

  it('an event loop that is blocked for three seconds is busy, and nobody is replaced', async () => {
    const { job, once, expectExact } = run('blocks', { BLOCK_MS: '3000' })
    expect((await job.ended()).code, job.stderr).toBe(0)
    expect(existsSync(once)).toBe(true)
    expect(job.of('worker.lost')).toEqual([])
    expect(job.of('job.finished')).toMatchObject([{ restarts: 0 }])
    await expectExact()
  })

  it('one that is blocked beyond busyMsMax is fenced, and its task goes on elsewhere, exact', async () => {
    const { job, expectExact } = run('blocks', { BLOCK_MS: '600000', BUSY_MS: '1500' })
    expect((await job.ended()).code, job.stderr).toBe(0)
    expect(job.of('worker.lost')).toMatchObject([{ reason: expect.stringMatching(/^stuck in .*sum/) }])
    expect(job.of('job.finished')).toMatchObject([{ records: count, restarts: 1 }])
    await expectExact()
  })
})

describe('user code that stays as it is', () => {
  it('while (true): the job fails with WORKER_STUCK, naming the task and its steps', async () => {
    const { job } = run('never returns', { ONCE: '', BUSY_MS: '1500' })
    expect((await job.ended()).code).toBe(1)
    expect(job.of('job.failed')).toMatchObject([
      { code: 'WORKER_STUCK', message: expect.stringMatching(/stuck in \S+\[\d\] \(.*sum.*\) for 1500 ms/) },
    ])
    expect(job.of('job.restarting')).toHaveLength(1)
    expect(job.survivors()).toEqual([])
  })

  it('process.exit at every try: the job gives up after its restarts and says why', async () => {
    const { job } = run('exits', { ONCE: '' })
    expect((await job.ended()).code).toBe(1)
    expect(job.of('job.failed')).toMatchObject([
      { code: 'WORKER_LOST', message: expect.stringContaining('exit code 3') },
    ])
    expect(job.survivors()).toEqual([])
  })
})
