/** A process that dies while it stops with a savepoint, and another that continues: one final commit, nothing twice. */
import { describe, expect, it } from 'vitest'
import type { FailpointName } from '../../core/ports/failpoints.ts'
import { simulatedFiles } from '../../core/simulated/files.ts'
import { fileStore, run } from '../../index.ts'
import { CrashingFailpoints, ledgerFlow, ledgerRows, MortalFiles, Pace, visibleRows } from './support.ts'

const points: readonly FailpointName[] = [
  'source.before-barrier',
  'task.captured',
  'task.uploaded',
  'coordinator.all-acknowledged',
  'coordinator.manifest-written',
  'coordinator.told-some',
  'sink.before-commit',
  'sink.mid-commit',
  'sink.committed',
]

describe('killed while it stops with a savepoint', () => {
  it.each(points)('at %s: the next run commits it, and is exact', async (name) => {
    const disk = simulatedFiles()
    const mortal = new MortalFiles(disk)
    const pace = new Pace()
    const failpoints = new CrashingFailpoints({ name, before: () => mortal.kill() })
    const store = fileStore('/store')
    const job = await run(ledgerFlow({ pace }), {
      parallelism: 2,
      restart: { restartsMax: 0 },
      // No checkpoint but the one that stops the job.
      checkpoints: { everyMs: null, store },
      ports: { files: mortal.files, failpoints },
    })
    job.finished.catch(() => undefined)
    const stopping = job.stop({ savepoint: true }).then(
      () => 'stopped',
      () => 'died',
    )
    expect(await Promise.race([stopping, mortal.died.then(() => 'died')])).toBe('died')
    pace.open()
    disk.crash('process')
    const seen = await visibleRows(disk)
    expect(new Set(seen).size).toBe(seen.length)
    const next = await run(ledgerFlow(), { parallelism: 2, checkpoints: { store }, ports: { files: disk } })
    await next.finished
    expect(await visibleRows(disk)).toEqual(ledgerRows())
  })
})
