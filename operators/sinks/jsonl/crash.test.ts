import { describe, expect, it } from 'vitest'
import type { Random } from '../../../core/ports/random.ts'
import { simulatedFiles, type SimulatedFiles } from '../../../core/simulated/files.ts'
import { seededRandom } from '../../../core/simulated/random.ts'
import { toJsonl } from '../jsonl.ts'
import { checkpoint, prepareContext, sinkContext } from '../testing/contexts.ts'
import { visibleRows } from '../testing/output.ts'

const folder = 'deep/out'
const plain = toJsonl<number>(folder)
const partitioned = toJsonl<number>(folder, { partitionBy: (n) => `odd=${n % 2}/third=${n % 3}` })
const rowsPerCheckpoint = 3
const checkpoints = 4

/** What the coordinator's log holds; it survives. */
interface Log {
  completed: number
  /** Staged handles of the completed checkpoint whose commit is not confirmed. */
  handles: readonly unknown[]
}

/** Checkpoint 2 is aborted: its output is committed with checkpoint 3. */
const aborted = (id: number): boolean => id === 2

async function runFrom(sink: typeof plain, log: Log, files: SimulatedFiles, attempt: number): Promise<void> {
  await sink.prepare?.(
    prepareContext(files, { restored: log.completed === 0 ? null : log.completed, handles: log.handles }),
  )
  const writer = await sink.open(sinkContext(files, { attempt }))
  try {
    await writer.commit(log.handles)
    let pending: unknown[] = []
    for (let id = log.completed + 1; id <= checkpoints; id += 1) {
      for (let n = 0; n < rowsPerCheckpoint; n += 1) writer.write((id - 1) * rowsPerCheckpoint + n)
      pending = [...pending, await writer.barrier(checkpoint(id))]
      if (aborted(id)) continue
      log.completed = id
      log.handles = pending
      await writer.commit(pending)
      pending = []
    }
  } finally {
    await writer.close().catch(() => undefined)
  }
}

/** Crashes before operation `crashAt`, recovers, and checks what a reader sees at each moment. */
async function crashAndRecover(
  sink: typeof plain,
  crashAt: number,
  chance: Random | 'process' | undefined,
): Promise<{ crashed: boolean }> {
  let operations = 0
  let dead = false
  const files = simulatedFiles({
    fault: () => {
      operations += 1
      dead ||= operations === crashAt
      return dead ? new Error('the process died') : undefined
    },
  })
  const log: Log = { completed: 0, handles: [] }
  const crashed = await runFrom(sink, log, files, 1).then(
    () => false,
    () => true,
  )
  dead = false
  operations = Number.NEGATIVE_INFINITY
  if (crashed) {
    files.crash(chance)
    await seesNothingAhead(log, files)
    await runFrom(sink, log, files, 2)
  }
  const all = Array.from({ length: checkpoints * rowsPerCheckpoint }, (_, n) => n)
  expect(
    ((await visibleRows(files, folder)) as number[]).sort((a, b) => a - b),
    `crash at operation ${crashAt}`,
  ).toEqual(all)
  expect((await files.list(folder)).filter((name) => name.startsWith('.'))).toEqual([])
  return { crashed }
}

async function seesNothingAhead(log: Log, files: SimulatedFiles): Promise<void> {
  const rows = (await visibleRows(files, folder).catch(() => [])) as number[]
  expect(new Set(rows).size).toBe(rows.length)
  expect(rows.every((row) => row < log.completed * rowsPerCheckpoint)).toBe(true)
}

/** Every operation of a whole run, one after the other. */
async function crashEverywhere(
  chanceOf: (crashAt: number) => Random | 'process' | undefined,
  sink = plain,
): Promise<number> {
  for (let crashAt = 1; ; crashAt += 1) {
    if (!(await crashAndRecover(sink, crashAt, chanceOf(crashAt))).crashed) return crashAt
  }
}

describe('K1–K4: a crash before any operation on files', () => {
  it('of the process: every row is visible once in the end, none too early', async () => {
    expect(await crashEverywhere(() => 'process')).toBeGreaterThan(40)
  })

  it('of the machine, which forgets all that was not synced', async () => {
    expect(await crashEverywhere(() => undefined)).toBeGreaterThan(40)
  })

  it('of the machine, which forgets some of it', async () => {
    for (let seed = 1; seed <= 25; seed += 1) {
      await crashEverywhere((crashAt) => seededRandom(seed * 1000 + crashAt))
    }
  })

  it('with partitions, of the process and of the machine', async () => {
    expect(await crashEverywhere(() => 'process', partitioned)).toBeGreaterThan(80)
    expect(await crashEverywhere(() => undefined, partitioned)).toBeGreaterThan(80)
    for (let seed = 1; seed <= 10; seed += 1)
      await crashEverywhere((crashAt) => seededRandom(seed * 1000 + crashAt), partitioned)
  })
})
