/** C7: damaged is not absent. What cannot be read is refused, with the consent that would allow to go on without it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Files } from '../../core/ports/files.ts'
import { simulatedFiles, systemError, type SimulatedFiles } from '../../core/simulated/files.ts'
import {
  collect,
  fileStore,
  flow,
  fromGenerator,
  run,
  type MillraceError,
  type RunOptions,
  type SinkDefinition,
} from '../../index.ts'
import { runRecorded } from './recorded-links.ts'
import {
  CrashingFailpoints,
  deferred,
  eventsOf,
  interceptFiles,
  ledgerFlow,
  ledgerRows,
  Pace,
  pacing,
  quickRestarts,
  runToEnd,
  sorted,
  visibleRows,
  type CrashPoint,
  type Ran,
  type Row,
} from './support.ts'

/** State large enough for parts of its own. */
const shape = { perStage: 30, padChars: 3_000, stages: 4 }
const expected = ledgerRows(shape)

interface Life {
  readonly point?: CrashPoint
  readonly restore?: NonNullable<RunOptions['checkpoints']>['restore']
  readonly restartsMax?: number
  readonly files?: (disk: Files) => Files
}

async function live(disk: Files, { point, restore, restartsMax = 3, files }: Life = {}): Promise<Ran> {
  const pace = new Pace()
  return runToEnd(
    ledgerFlow({ ...shape, pace }),
    {
      parallelism: 2,
      restart: { ...quickRestarts, restartsMax },
      checkpoints: { everyMs: 2, store: fileStore('/store'), ...(restore && { restore }) },
      ports: { files: files?.(disk) ?? disk, failpoints: new CrashingFailpoints(point) },
    },
    pacing(pace),
  )
}

const crashOf = (name: CrashPoint['name'], checkpoint: number): CrashPoint => ({
  name,
  where: (place) => place.checkpoint === checkpoint,
})

/** Ends with checkpoints 1 and 2 in the log; the output of 2 is visible, or, after a crash, not yet. */
async function endedAfterTwo(committed: boolean, sink?: SinkDefinition<Row>): Promise<SimulatedFiles> {
  const disk = simulatedFiles()
  const pace = new Pace()
  const stages = [deferred(), deferred()]
  const perStage = 2 * shape.perStage
  const taken = (count: number): void => {
    if (count % perStage === 0) stages[count / perStage - 1]?.resolve()
  }
  const job = await run(ledgerFlow({ ...shape, pace, taken, ...(sink && { sink }) }), {
    parallelism: 2,
    restart: { restartsMax: 0 },
    checkpoints: { everyMs: null, store: fileStore('/store') },
    ports: {
      files: disk,
      failpoints: new CrashingFailpoints(committed ? undefined : crashOf('coordinator.manifest-written', 2)),
    },
  })
  const ended = job.finished.then(
    () => 'stopped',
    (error: unknown) => (error as MillraceError).code,
  )
  await stages[0]?.promise
  await job.savepoint()
  pace.checkpointCompleted()
  await stages[1]?.promise
  const last: Promise<unknown> = committed ? job.stop() : job.savepoint()
  last.catch(() => undefined)
  expect(await ended).toBe(committed ? 'stopped' : 'CRASH')
  return disk
}

async function rewrite(disk: Files, path: string, change: (bytes: Buffer) => Uint8Array): Promise<void> {
  const bytes = change(Buffer.from(await disk.readAll(path)))
  await disk.unlink(path)
  const handle = await disk.open(path, 'create')
  await handle.append(bytes)
  await handle.close()
}

const damages = [
  { how: 'truncated', change: (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1) },
  { how: 'emptied', change: () => new Uint8Array(0) },
  {
    how: 'bit-flipped',
    change: (bytes: Buffer) => {
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4
      return bytes
    },
  },
]

/** Slot 0 is the claim, 1 and 2 are the checkpoints. */
const newestSlot = '/store/log/1/2'
const partsOf = async (disk: Files, checkpoint: number): Promise<string[]> =>
  (await disk.list('/store/parts'))
    .filter((name) => name.split('.')[2] === String(checkpoint))
    .map((name) => `/store/parts/${name}`)

describe('a damaged log slot', () => {
  it.each(damages)(
    '$how: refused, naming the slot, the older checkpoint and the consent',
    async ({ change }) => {
      const disk = await endedAfterTwo(true)
      const before = await visibleRows(disk)
      await rewrite(disk, newestSlot, change)
      const ran = await live(disk)
      expect(ran.error).toMatchObject({ code: 'CHECKPOINT_DAMAGED', retry: 'fatal', details: { older: 1 } })
      expect(ran.error?.message).toContain('log slot 1/2')
      expect(ran.error?.message).toContain('allowOlder: 1')
      expect(await visibleRows(disk)).toEqual(before)
    },
  )

  it('mended from a copy: the job continues, exact', async () => {
    const disk = await endedAfterTwo(true)
    const copy = await disk.readAll(newestSlot)
    await rewrite(disk, newestSlot, (bytes) => bytes.subarray(0, 10))
    expect((await live(disk)).error?.code).toBe('CHECKPOINT_DAMAGED')
    await rewrite(disk, newestSlot, () => copy)
    const ran = await live(disk)
    expect(ran.error).toBeUndefined()
    expect(eventsOf(ran, 'job.restored')[0]?.checkpoint).toBe(2)
    expect(await visibleRows(disk)).toEqual(expected)
  })

  it('with consent, where the sinks show nothing newer: the older one is restored, exact', async () => {
    const disk = await endedAfterTwo(false)
    await rewrite(disk, newestSlot, (bytes) => bytes.subarray(1))
    const ran = await live(disk, { restore: { allowOlder: 1 } })
    expect(ran.error).toBeUndefined()
    expect(eventsOf(ran, 'job.restored')[0]?.checkpoint).toBe(1)
    expect(await visibleRows(disk)).toEqual(expected)
    // E6: ids rise above whatever the damaged slot may hide.
    const ids = eventsOf(ran, 'checkpoint.completed').map((event) => event.id)
    expect(Math.min(...ids)).toBeGreaterThan(2)
  })

  it('with consent, where a sink shows more: refused with both ids; exact but for the consented duplicates', async () => {
    const disk = await endedAfterTwo(true)
    const before = await visibleRows(disk)
    await rewrite(disk, newestSlot, (bytes) => bytes.subarray(1))
    const refused = await live(disk, { restore: { allowOlder: 1 } })
    expect(refused.error).toMatchObject({
      code: 'SINK_AHEAD',
      details: { step: 'out', chosen: 1, lastCommitted: 2 },
    })
    expect(refused.error?.message).toContain('allowDuplicates')
    expect(await visibleRows(disk)).toEqual(before)
    const ran = await live(disk, { restore: { allowOlder: 1, allowDuplicates: true } })
    expect(ran.error).toBeUndefined()
    const rows = await visibleRows(disk)
    expect([...new Set(rows)]).toEqual(expected)
    expect(rows.length).toBeGreaterThan(expected.length)
  })

  it('consent to another than the newest whole checkpoint is none', async () => {
    const disk = await endedAfterTwo(false)
    await rewrite(disk, newestSlot, (bytes) => bytes.subarray(1))
    expect((await live(disk, { restore: { allowOlder: 2 } })).error?.code).toBe('CHECKPOINT_DAMAGED')
  })

  it('to begin anew needs an output folder without output, or consent to duplicates', async () => {
    const disk = await endedAfterTwo(true)
    await rewrite(disk, newestSlot, (bytes) => bytes.subarray(1))
    const refused = await live(disk, { restore: { checkpoint: 'none' } })
    expect(refused.error).toMatchObject({ code: 'SINK_AHEAD', details: { chosen: null, lastCommitted: 2 } })
    const ran = await live(disk, { restore: { checkpoint: 'none', allowDuplicates: true } })
    expect(ran.error).toBeUndefined()
    expect([...new Set(await visibleRows(disk))]).toEqual(expected)
  })

  it('to begin anew where nothing was shown yet: exact', async () => {
    const disk = simulatedFiles()
    const died = await live(disk, { point: crashOf('coordinator.manifest-written', 1), restartsMax: 0 })
    expect(died.error?.code).toBe('CRASH')
    await rewrite(disk, '/store/log/1/1', (bytes) => bytes.subarray(1))
    expect((await live(disk)).error?.message).toContain("checkpoint: 'none'")
    const ran = await live(disk, { restore: { checkpoint: 'none' } })
    expect(ran.error).toBeUndefined()
    expect(await visibleRows(disk)).toEqual(expected)
  })
})

describe('a damaged state part', () => {
  it.each([...damages, { how: 'missing', change: null }])(
    '$how: refused, naming part, checkpoint and consent; with it, the older one',
    async ({ change }) => {
      const disk = await endedAfterTwo(false)
      const [part] = await partsOf(disk, 2)
      expect(part).toBeDefined()
      if (change) await rewrite(disk, part ?? '', change)
      else await disk.unlink(part ?? '')
      const refused = await live(disk)
      expect(refused.error).toMatchObject({ code: 'CHECKPOINT_DAMAGED', details: { older: 1 } })
      expect(refused.error?.message).toContain('checkpoint 2')
      expect(refused.error?.message).toContain(part?.split('/').at(-1))
      expect(refused.error?.message).toContain('allowOlder: 1')
      const ran = await live(disk, { restore: { allowOlder: 1 } })
      expect(ran.error).toBeUndefined()
      expect(await visibleRows(disk)).toEqual(expected)
    },
  )

  it('found by a restart in the middle of a job: the job fails the same way, and nothing is lost', async () => {
    const disk = simulatedFiles()
    const ran = await live(disk, { point: crashOf('task.captured', 3), files: damagedParts(2) })
    expect(ran.error).toMatchObject({ code: 'CHECKPOINT_DAMAGED', details: { older: 1 } })
    expect(eventsOf(ran, 'job.failed')[0]?.code).toBe('CHECKPOINT_DAMAGED')
    const again = await live(disk)
    expect(again.error).toBeUndefined()
    expect(await visibleRows(disk)).toEqual(expected)
  })

  it('found by a restart, with the consent given before: the older one is restored, exact', async () => {
    const disk = simulatedFiles()
    const ran = await live(disk, {
      point: crashOf('coordinator.manifest-written', 2),
      files: damagedParts(2),
      restore: { allowOlder: 1 },
    })
    expect(ran.error).toBeUndefined()
    expect(eventsOf(ran, 'job.restored').map((event) => event.checkpoint)).toEqual([null, 1])
    expect(await visibleRows(disk)).toEqual(expected)
  })
})

describe("a damaged part that holds a sink's staged output", () => {
  it('refused as any other; with the consent the older one, exact', async () => {
    const disk = await endedAfterTwo(false, collect())
    for (const part of await partsOf(disk, 2)) await rewrite(disk, part, (bytes) => bytes.subarray(1))
    const out = collect<Row>()
    const again = (restore?: Life['restore']): Promise<Ran> =>
      runToEnd(ledgerFlow({ ...shape, sink: out }), {
        checkpoints: { everyMs: null, store: fileStore('/store'), ...(restore && { restore }) },
        ports: { files: disk },
      })
    expect((await again()).error).toMatchObject({ code: 'CHECKPOINT_DAMAGED', details: { older: 1 } })
    const ran = await again({ allowOlder: 1 })
    expect(ran.error).toBeUndefined()
    expect(eventsOf(ran, 'job.restored')[0]?.checkpoint).toBe(1)
    expect(sorted(out.values)).toEqual(expected)
  })
})

/** Reads of one checkpoint's parts find a bit flipped. */
const damagedParts =
  (checkpoint: number) =>
  (disk: Files): Files => ({
    ...disk,
    async readAll(path) {
      const bytes = Buffer.from(await disk.readAll(path))
      if (new RegExp(`/parts/[0-9]+\\.[0-9]+\\.${checkpoint}\\.`).test(path)) bytes[20] = (bytes[20] ?? 0) ^ 1
      return bytes
    },
  })

describe('a store that cannot be written', () => {
  it('a folder below a file: refused at the start, naming the folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-store-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'file'), '')
    const ran = await runToEnd(ledgerFlow({ out: join(folder, 'out') }), {
      checkpoints: { store: fileStore(join(folder, 'file/store')) },
    })
    expect(ran.error?.code).toMatch(/^STORE_/)
    expect(ran.error?.message).toContain(join(folder, 'file/store'))
  })

  it.each([
    { code: 'EACCES', expectedCode: 'STORE_UNWRITABLE' },
    { code: 'EROFS', expectedCode: 'STORE_UNWRITABLE' },
    { code: 'ENOSPC', expectedCode: 'STORE_FULL' },
  ])('$code: refused at the start with $expectedCode', async ({ code, expectedCode }) => {
    const ran = await live(simulatedFiles(), {
      files: (disk) =>
        interceptFiles(disk, (operation, path) => {
          if (path.startsWith('/store') && (operation === 'makeFolder' || operation === 'open'))
            throw systemError(code, operation, path)
        }),
    })
    expect(ran.error).toMatchObject({ code: expectedCode })
    expect(ran.error?.message).toContain('/store')
  })
})

describe('a full disk', () => {
  /** Full from the first append to `folder` that matters, until so many checkpoints failed. */
  function fullUntil(folder: RegExp, failuresMax: number) {
    const seen = { refused: 0 }
    const files = (disk: Files): Files =>
      interceptFiles(disk, (operation, path) => {
        if (operation !== 'append' || !folder.test(path) || seen.refused === failuresMax) return
        seen.refused += 1
        throw systemError('ENOSPC', operation, path)
      })
    return { seen, files }
  }

  it('of the store: checkpoints fail and say so, the job lives, and is exact once there is room', async () => {
    const { seen, files } = fullUntil(/^\/store\/(parts|log\/1\/\.tmp-[1-9])/, 3)
    const disk = simulatedFiles()
    const ran = await live(disk, { files })
    expect(ran.error).toBeUndefined()
    expect(seen.refused).toBe(3)
    expect(ran.result?.restarts).toBe(0)
    const failures = eventsOf(ran, 'checkpoint.failed')
    expect(failures.length).toBeGreaterThanOrEqual(2)
    expect(failures[0]?.message).toMatch(/ENOSPC/)
    expect(await visibleRows(disk)).toEqual(expected)
    expect((await disk.list('/store/parts')).filter((name) => name.startsWith('.tmp'))).toEqual([])
  })

  it('of the store, for good: the job fails, and another continues it exactly', async () => {
    const { files } = fullUntil(/^\/store\/parts/, Infinity)
    const disk = simulatedFiles()
    const ran = await live(disk, { files, restartsMax: 1 })
    expect(ran.error?.code).toBe('CHECKPOINT_FAILURES')
    expect(ran.error?.message).toMatch(/ENOSPC/)
    expect((await live(disk)).error).toBeUndefined()
    expect(await visibleRows(disk)).toEqual(expected)
  })

  it("of the sink's folder: rows could not be staged, so the job restarts, and is exact", async () => {
    const { seen, files } = fullUntil(/^\/out\/\.staged/, 2)
    const disk = simulatedFiles()
    const ran = await live(disk, { files })
    expect(ran.error).toBeUndefined()
    expect(seen.refused).toBe(2)
    expect(ran.result?.restarts).toBeGreaterThanOrEqual(1)
    expect(eventsOf(ran, 'task.failed')[0]).toMatchObject({ code: 'OUTPUT_UNWRITABLE' })
    expect(await visibleRows(disk)).toEqual(expected)
  })

  it('while a restart prepares the sinks: that joins the restart, and is exact', async () => {
    let broken = false
    const disk = simulatedFiles()
    const ran = await live(disk, {
      // The first preparation is the start's own.
      point: { ...crashOf('task.captured', 2), before: () => void (broken = true) },
      files: (real) =>
        interceptFiles(real, (operation, path) => {
          if (operation !== 'list' || path !== '/out' || !broken) return
          broken = false
          throw systemError('EIO', operation, path)
        }),
    })
    expect(ran.error).toBeUndefined()
    expect(ran.result?.restarts).toBe(2)
    expect(await visibleRows(disk)).toEqual(expected)
  })

  it('in the middle of a commit: it is tried again, and is exact', async () => {
    let refused = 0
    const disk = simulatedFiles()
    const ran = await live(disk, {
      files: (real) =>
        interceptFiles(real, (operation, path) => {
          if (operation !== 'link' || !path.startsWith('/out/part-') || (refused += 1) > 2) return
          throw systemError('ENOSPC', operation, path)
        }),
    })
    expect(ran.error).toBeUndefined()
    expect(ran.result?.restarts).toBe(0)
    expect(await visibleRows(disk)).toEqual(expected)
  })
})

it('output where the store has no log is refused (K4)', async () => {
  const disk = await endedAfterTwo(true)
  const ran = await runToEnd(ledgerFlow(shape), {
    checkpoints: { store: fileStore('/other') },
    ports: { files: disk },
  })
  expect(ran.error).toMatchObject({ code: 'OUTPUT_EXISTS' })
})

describe('a restore that fails in one worker', () => {
  it.each([1, 2] as const)(
    '%i worker(s): what it had opened is closed, and the next one works',
    async (workers) => {
      const out = collect<number>()
      const ids = fromGenerator({ count: 5_000, splits: 4, at: (id) => id })
      let opened = 0
      const built = flow('restores')
      built
        .source('read', {
          ...ids,
          splits(context) {
            opened += 1
            if (opened === 2 || opened === 4) return Promise.reject(systemError('EIO', 'open', '/in'))
            return ids.splits(context)
          },
        })
        .keyBy('by-id', (id) => id)
        .reduce('last', (_, id) => id)
        .sink('out', out)
      const { result } = await runRecorded(built, workers, { parallelism: 2, restart: quickRestarts })
      expect(result).toMatchObject({ records: 5_000, restarts: 2 })
      expect([...out.values].sort((a, b) => a - b)).toEqual(Array.from({ length: 5_000 }, (_, id) => id))
    },
  )
})
