// 23, 52: real processes that are killed with -9 while the job stops with a savepoint, or in the middle of a checkpoint or
// a commit; what they leave behind is neither read nor shown, and is cleaned away by the run that continues.
import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { Ledger, millrace } from '../harness/ledger.ts'
import type { StartedProcess } from '../harness/started-process.ts'

const pad = { PAD: '200' }

async function restoredOf(job: StartedProcess): Promise<number | null> {
  await job.until('it runs', () => job.of('job.restored').length > 0)
  return job.of('job.restored')[0]!.checkpoint
}

async function finishExact(ledger: Ledger, job: StartedProcess): Promise<void> {
  ledger.openGate()
  expect(await job.ended(), job.stderr).toEqual({ code: 0, signal: null })
  await ledger.expectExact()
  ledger.expectNothingStaged()
}

interface Stopping {
  readonly who: string
  readonly moment: string
  readonly victim?: 'parent'
  readonly exit: object
  /** The savepoint has its manifest by then. */
  readonly complete: boolean
}

const died = { code: null, signal: 'SIGKILL' }
const refused = { code: 1, signal: null }
const stoppings: readonly Stopping[] = [
  { who: 'a worker', moment: 'task.captured', exit: refused, complete: false },
  { who: 'a worker', moment: 'sink.mid-commit', exit: refused, complete: true },
  { who: 'the parent', moment: 'coordinator.all-acknowledged', exit: died, complete: false },
  { who: 'the parent', moment: 'sink.mid-commit', victim: 'parent', exit: died, complete: true },
]

describe('killed while it stops with a savepoint', () => {
  it.each(stoppings)('$who, at $moment', async ({ moment, victim, exit, complete }) => {
    const ledger = new Ledger({ deposits: 4_000 })
    const first = ledger.script('run-ledger.ts', {
      ACT: 'savepoint, then stop with savepoint',
      STOP_AT: moment,
      STOP_HIT: '1',
      STOP_IN: '2',
      SIGNAL: 'SIGKILL',
      OPTIONS: JSON.stringify({ checkpoints: { everyMs: null } }),
      ...(victim && { VICTIM: victim }),
    })
    expect(await first.ended(), first.stderr).toEqual(exit)
    await first.untilGone()
    expect(first.of('job.stopped')).toEqual([])
    await ledger.expectNothingTwice()

    const second = ledger.run()
    // The first savepoint was asked for before it was told to stop, the second is how it stops.
    expect(await restoredOf(second)).toBe(complete ? 2 : 1)
    await finishExact(ledger, second)
  })
})

const inFolder = (folder: string): string[] => readdirSync(folder).map((name) => join(folder, name))
const staged = ({ out }: Ledger): string[] =>
  inFolder(out).filter((path) => basename(path).startsWith('.staged'))
/** State parts of checkpoints that were not complete. */
const orphans = ({ store }: Ledger, complete: number): string[] =>
  inFolder(join(store, 'parts')).filter((path) => Number(basename(path).split('.')[2]) > complete)

interface Leaving {
  readonly moment: string
  /** In one worker: two of its tasks take part in each checkpoint. */
  readonly hit: string
  readonly left: (ledger: Ledger, complete: number) => string[]
}

const leavings: readonly Leaving[] = [
  { moment: 'task.uploaded', hit: '4', left: orphans },
  { moment: 'sink.mid-commit', hit: '3', left: staged },
]

describe('what is left where all was killed', () => {
  it.each(leavings)('at $moment: neither read nor shown, and cleaned away', async ({ moment, hit, left }) => {
    const ledger = new Ledger({ deposits: 8_000 })
    const first = ledger.script('run-ledger.ts', {
      ...pad,
      STOP_AT: moment,
      STOP_HIT: hit,
      SIGNAL: 'SIGKILL',
      VICTIM: 'group',
    })
    expect(await first.ended(), first.stderr).toEqual(died)
    await first.untilGone()
    await ledger.expectNothingTwice()
    const litter = left(ledger, await newestComplete(ledger))
    expect(litter).not.toEqual([])

    const second = ledger.run({ env: pad })
    await second.next('checkpoint.completed', 2)
    const stillThere = (): string[] => litter.filter((path) => existsSync(path))
    await vi.waitFor(() => expect(stillThere()).toEqual([]), { timeout: 10_000 })
    await ledger.expectNothingTwice()
    await finishExact(ledger, second)
  })
})

/** As the command lists them. */
async function newestComplete({ store }: Ledger): Promise<number> {
  const list = millrace(['checkpoints', store, '--json'])
  expect((await list.ended()).code, list.stderr).toBe(0)
  return Math.max(...(list.events as unknown as { readonly id: number }[]).map(({ id }) => id))
}
