/** `joinStatic` in whole jobs, with a side in a file. */
import { describe, expect, it } from 'vitest'
import { simulatedFiles, type SimulatedFiles } from '../core/simulated/files.ts'
import {
  fileStore,
  flow,
  fromCsv,
  fromGenerator,
  toJsonl,
  type Flow,
  type StaticJoinOptions,
} from '../index.ts'
import { CrashingFailpoints, Pace, pacing, quickRestarts, runToEnd, visibleRows } from './faults/support.ts'

const perStage = 10
const stages = 20

async function write(disk: SimulatedFiles, text: string): Promise<void> {
  await disk.unlink('/names.csv').catch(() => undefined)
  const file = await disk.open('/names.csv', 'create')
  await file.append(new TextEncoder().encode(text))
  await file.close()
}

function naming(pace: Pace, options: StaticJoinOptions<'left'>): Flow {
  const made = flow('naming')
  const numbers = fromGenerator<number, number>({
    async *open(position) {
      for (let n = position ?? 0; n < stages * perStage; n += 1) {
        if (n % perStage === 0) await pace.until(n / perStage)
        yield { value: n, position: n + 1 }
      }
    },
  })
  made
    .source('numbers', numbers)
    .rebalance()
    .joinStatic(
      'named',
      fromCsv<{ id: string; name: string }>('/names.csv'),
      { left: (n) => String(n % 4), right: (row) => row.id },
      (n, row) => `${n} ${row?.name ?? 'nobody'}`,
      { type: 'left', ...options },
    )
    .sink('out', toJsonl('/out'))
  return made
}

async function live(
  disk: SimulatedFiles,
  pace: Pace,
  life: { parallelism: number; stopAfter?: number; crash?: boolean } & StaticJoinOptions<'left'>,
) {
  const { parallelism, stopAfter, crash, ...options } = life
  let completed = 0
  if (stopAfter === undefined) pace.open()
  return runToEnd(
    naming(pace, options),
    {
      parallelism,
      restart: quickRestarts,
      checkpoints: { everyMs: 2, store: fileStore('/store') },
      ports: {
        files: disk,
        failpoints: new CrashingFailpoints(crash === true ? { name: 'task.captured', nth: 4 } : undefined),
      },
    },
    (event, job) => {
      pacing(pace)(event)
      if (event.event === 'checkpoint.completed' && (completed += 1) === stopAfter) void job.stop()
    },
  )
}

const names = 'id,name\n0,none\n1,one\n2,two\n1,uno\n'
const expected = Array.from({ length: stages * perStage }, (_, n) =>
  [['none'], ['one', 'uno'], ['two'], ['nobody']][n % 4]!.map((name) => JSON.stringify(`${n} ${name}`)),
)
  .flat()
  .sort()

describe('a stream joined with a file', () => {
  it('ST1: each record meets every row of its key, over crashes and other numbers of tasks', async () => {
    const [disk, pace] = [simulatedFiles(), new Pace()]
    await write(disk, names)
    const first = await live(disk, pace, { parallelism: 2, stopAfter: 3, crash: true })
    expect(first.result).toMatchObject({ ended: false, restarts: 1 })
    const second = await live(disk, pace, { parallelism: 3 })
    expect(second.error).toBeUndefined()
    expect(await visibleRows(disk)).toEqual(expected)
  })

  it('ST2: a file that changed is refused, unless the flow says otherwise', async () => {
    const [disk, pace] = [simulatedFiles(), new Pace()]
    await write(disk, names)
    await live(disk, pace, { parallelism: 2, stopAfter: 3 })
    await write(disk, names.replace('two', 'due'))
    for (const parallelism of [2, 1]) {
      const refused = await live(disk, new Pace(), { parallelism, stopAfter: 1 })
      expect(refused.error).toMatchObject({ code: 'SOURCE_CHANGED', retry: 'fatal' })
      expect(refused.error?.message).toContain("the side of 'named'")
    }
    const reloaded = await live(disk, pace, { parallelism: 1, onChange: 'reload' })
    expect(reloaded.error).toBeUndefined()
    const rows = await visibleRows(disk)
    expect(rows.map((row) => row.replace('due', 'two')).sort()).toEqual(expected)
    expect(rows.some((row) => row.includes('due')) && rows.some((row) => row.includes('two'))).toBe(true)
  })

  it('a file that is missing fails the job', async () => {
    const failed = await live(simulatedFiles(), new Pace(), { parallelism: 1 })
    expect(failed.error?.code).toBe('SOURCE_UNREADABLE')
  })
})
