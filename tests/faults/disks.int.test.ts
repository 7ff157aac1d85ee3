// Real jobs on real disks that are full, broken, slow, closed, or out of descriptors for a while: checkpoints fail and
// say so, the job lives, and is exact once the disk is well (C8, K3).
import { appendFileSync, chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RunOptions } from '../../index.ts'
import { Ledger } from '../harness/ledger.ts'
import {
  descriptorsOf,
  limit,
  maySmallDisk,
  seenBy,
  unlimit,
  withoutPrivilege,
  withSmallDisk,
} from '../harness/limits.ts'
import type { StartedProcess } from '../harness/started-process.ts'

/** 500 accounts: a checkpoint's state is two files of about half a megabyte. */
const padChars = 2_000
const patient = { failuresMax: 10_000, everyMs: 100 } as const

function run(ledger: Ledger, checkpoints: RunOptions['checkpoints'] = {}, through: readonly string[] = []) {
  const given: RunOptions = {
    checkpoints: { ...patient, ...checkpoints },
    restart: { restartsMax: 10_000, delayMs: 20, delayMsMax: 50, withinMs: 1_000_000 },
  }
  const broken = join(ledger.folder, 'broken')
  const env = { PAD: String(padChars), OPTIONS: JSON.stringify(given), BROKEN: broken }
  const job = ledger.script('run-ledger.ts', env, through)
  return {
    job,
    /** What is wrong with the disk from now on: fixtures/broken-disk.ts. */
    break: (how: string): void => writeFileSync(broken, how),
    mend: (): void => rmSync(broken),
  }
}

/** Two more fail in a row, the second of which began while the disk was broken; returns what the last one says. */
async function failing(job: StartedProcess): Promise<string> {
  await job.next('checkpoint.failed')
  const completed = job.of('checkpoint.completed').length
  const { message } = await job.next('checkpoint.failed')
  expect(job.of('checkpoint.completed')).toHaveLength(completed)
  return message
}

async function expectExact(ledger: Ledger, job: StartedProcess): Promise<number> {
  ledger.openGate()
  expect((await job.ended()).code, job.stderr).toBe(0)
  await ledger.expectExact()
  return job.of('job.finished')[0]!.restarts
}

const recordsOf = (job: StartedProcess): number => job.of('job.progress').at(-1)?.records ?? 0

/** A way to break the disk of a running job, and what its checkpoints then say. */
interface Fault {
  readonly what: string
  readonly begin: (job: StartedProcess) => void
  readonly end: (job: StartedProcess) => void
  readonly says: RegExp
  readonly meanwhile?: (job: StartedProcess) => Promise<void>
}

describe('a store that fails for a while', () => {
  it('checkpoints fail and say so, nothing restarts, and the next ones complete, exact', async () => {
    const ledger = new Ledger({ deposits: 60_000 })
    const { job, ...disk } = run(ledger, { timeoutMs: 1_000 }, withoutPrivilege)
    const parts = join(ledger.store, 'parts')
    const broken = (how: string): Pick<Fault, 'begin' | 'end'> => ({
      begin: () => disk.break(how),
      end: () => disk.mend(),
    })
    const faults: readonly Fault[] = [
      {
        what: 'a sync takes longer than a checkpoint may',
        ...broken(`slow ${parts}`),
        says: /1000 ms/,
        async meanwhile() {
          const records = recordsOf(job)
          await job.until('the stream goes on', () => recordsOf(job) > records)
        },
      },
      { what: 'EIO where state is synced', ...broken(`EIO ${parts}`), says: /EIO/ },
      { what: 'EIO where the log is synced', ...broken(`EIO ${join(ledger.store, 'log')}`), says: /EIO/ },
      {
        what: 'files of state may not grow',
        // Less than a file of state, more than a file of rows between two barriers.
        begin: () => job.workers.forEach(({ pid }) => limit(pid, 'fsize', 256 * 1024)),
        end: () => job.workers.forEach(({ pid }) => unlimit(pid, 'fsize')),
        says: /EFBIG/,
      },
      {
        what: 'the coordinator has no file descriptor left',
        begin: () => limit(job.pid, 'nofile', descriptorsOf(job.pid) >> 1),
        end: () => unlimit(job.pid, 'nofile'),
        says: /ulimit -n/,
      },
      {
        what: 'the folder is closed to its user',
        begin: () => chmodSync(parts, 0o555),
        end: () => chmodSync(parts, 0o755),
        says: /EACCES/,
      },
    ]
    for (const { what, begin, end, says, meanwhile } of faults) {
      await job.next('checkpoint.completed')
      begin(job)
      expect(await failing(job), what).toMatch(says)
      await meanwhile?.(job)
      end(job)
    }
    await job.next('checkpoint.completed', 2)
    expect(await expectExact(ledger, job)).toBe(0)
  })

  it.runIf(maySmallDisk())(
    'a full disk: checkpoints fail, nothing restarts, exact once there is room',
    async () => {
      const ledger = new Ledger()
      mkdirSync(ledger.store)
      const { job } = run(ledger, {}, withSmallDisk(ledger.store, 16 * 1024 * 1024))
      await job.next('checkpoint.completed')
      const filler = join(seenBy(job.pid, ledger.store), 'filler')
      fillUp(filler)
      expect(await failing(job)).toMatch(/ENOSPC/)
      rmSync(filler)
      await job.next('checkpoint.completed', 2)
      expect(await expectExact(ledger, job)).toBe(0)
    },
  )

  it('a folder that its user may not write to: refused at the start, naming it', async () => {
    const ledger = new Ledger()
    mkdirSync(ledger.store)
    chmodSync(ledger.store, 0o555)
    const { job } = run(ledger, {}, withoutPrivilege)
    expect((await job.ended()).code).toBe(1)
    expect(job.stderr).toContain('STORE_UNWRITABLE')
    expect(job.stderr).toContain(ledger.store)
  })
})

describe('output that cannot be written for a while', () => {
  it('EIO where it is synced, then a worker without file descriptors: restarts until it can be, exact', async () => {
    const ledger = new Ledger()
    const { job, ...disk } = run(ledger)
    await job.next('checkpoint.completed')
    disk.break(`EIO ${ledger.out}`)
    await job.next('job.restarting', 2)
    const completed = job.of('checkpoint.completed').length
    await job.next('job.restarting')
    expect(job.of('checkpoint.completed')).toHaveLength(completed)
    expect(job.of('task.failed')[0]).toMatchObject({ code: 'OUTPUT_UNWRITABLE' })
    expect(job.of('task.failed')[0]?.message).toMatch(/EIO/)
    disk.mend()
    await job.next('checkpoint.completed')
    const { pid } = job.workers[0]!
    limit(pid, 'nofile', descriptorsOf(pid) >> 1)
    await job.next('job.restarting', 2)
    expect(job.of('task.failed').at(-1)?.message).toMatch(/EMFILE/)
    unlimit(pid, 'nofile')
    await job.next('checkpoint.completed', 2)
    expect(await expectExact(ledger, job)).toBeGreaterThanOrEqual(5)
    expect(job.of('worker.lost')).toEqual([])
  })
})

/** Takes all the room there is. */
function fillUp(path: string): void {
  const block = Buffer.alloc(64 * 1024)
  try {
    for (;;) appendFileSync(path, block)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}
