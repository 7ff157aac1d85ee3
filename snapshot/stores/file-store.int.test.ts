/** The file store on real files. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { stepName, termNumber } from '../../core/ids.ts'
import type { Files } from '../../core/ports/files.ts'
import { systemError } from '../../core/simulated/files.ts'
import { systemFiles } from '../../core/system/files.ts'
import { collect } from '../collect.ts'
import { claimTerm, readHistory, type TermWriter } from '../log/index.ts'
import { buildSnapshot, SectionReader, writeParts } from '../parts.ts'
import { chooseRecovery } from '../recovery.ts'
import { planCollection } from '../retention.ts'
import { sampleManifest, sampleOwner } from '../simulated/samples.ts'
import type { CheckpointStore } from '../store.ts'
import { fileStore } from './file-store.ts'

const undo: (() => void)[] = []
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step()
})

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-store-'))
  undo.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const run = (command: string, ...words: string[]): void =>
  void execFileSync(command, words, { stdio: 'ignore' })

/** A file system of its own where this machine lets us mount one; null elsewhere. */
function mounted(options: string): string | null {
  const folder = temporaryFolder()
  try {
    run('mount', '-t', 'tmpfs', '-o', options, 'none', folder)
  } catch {
    return null
  }
  undo.push(() => run('umount', folder))
  return folder
}

const open = (folder: string, files: Files = systemFiles): Promise<CheckpointStore> =>
  fileStore(folder).open(files)

/** What a job does for one checkpoint: a part, then the manifest. */
async function checkpoint(store: CheckpointStore, writer: TermWriter, id: number, bytes = 5_000) {
  const section = { step: stepName('by-page'), version: 1, scope: { kind: 'group', group: 0 } as const }
  const chunks = [new Uint8Array(bytes).fill(id)]
  const { snapshot, files } = buildSnapshot(sampleOwner(id, writer.term), [{ ...section, chunks }])
  await writeParts(store.parts, files)
  const manifest = sampleManifest({ checkpoint: id, term: writer.term, tasks: [snapshot] })
  return writer.append({ kind: 'checkpoint', manifest })
}

async function restored(store: CheckpointStore): Promise<{ checkpoint: number; state: Uint8Array }> {
  const choice = chooseRecovery({ history: await readHistory(store.log) })
  if (choice.kind !== 'restore') throw new Error(`expected a checkpoint, got ${choice.kind}`)
  const content = choice.manifest.steps[0]?.sections[0]?.content
  if (!content) throw new Error('expected a section')
  return {
    checkpoint: choice.manifest.checkpoint,
    state: new Uint8Array(await new SectionReader(store.parts, choice.manifest.parts).section(content)),
  }
}

describe('file store on real files', () => {
  it('C7: what was checkpointed is restored, through a takeover, and what is obsolete is collected', async () => {
    const folder = join(temporaryFolder(), 'deep', 'store')
    const first = await open(folder)
    const old = await claimTerm(first.log, { holder: 'a', atMs: 1 })
    for (const id of [1, 2, 3]) expect(await checkpoint(first, old, id)).toMatchObject({ kind: 'created' })

    const second = await open(folder)
    const young = await claimTerm(second.log, { holder: 'b', atMs: 2 })
    expect(await restored(second)).toEqual({ checkpoint: 3, state: new Uint8Array(5_000).fill(3) })
    await expect(checkpoint(first, old, 4)).rejects.toMatchObject({ code: 'SUPERSEDED' })
    await checkpoint(second, young, 5)

    const history = await readHistory(second.log)
    const parts = await second.parts.list()
    await collect(second, planCollection({ history, keep: 2, parts }), young.term)
    expect(await second.parts.list()).toEqual(['1.0.3.by-page.0.0', '2.0.5.by-page.0.0'])
    expect(readdirSync(join(folder, 'log', '1'))).toEqual(['0', '3', '4'])
    expect(await restored(second)).toMatchObject({ checkpoint: 5 })
  })

  it('E2: of many that create one slot at once, one wins and nothing is left behind', async () => {
    const folder = temporaryFolder()
    const stores = await Promise.all(Array.from({ length: 8 }, () => open(folder)))
    for (let slot = 0; slot < 20; slot += 1) {
      const outcomes = await Promise.all(
        stores.map(({ log }, i) => log.create(termNumber(1), slot, new Uint8Array(1000).fill(i))),
      )
      expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1)
      const winner = new Uint8Array(1000).fill(outcomes.indexOf('created'))
      expect(new Uint8Array((await stores[0]?.log.read(termNumber(1), slot)) ?? [])).toEqual(winner)
    }
    expect(readdirSync(join(folder, 'log', '1'))).toHaveLength(20)
  })

  it('E3: of many that claim at once, one goes on', async () => {
    const folder = temporaryFolder()
    const claims = await Promise.allSettled(
      Array.from({ length: 6 }, async (_, i) => {
        const store = await open(folder)
        const writer = await claimTerm(store.log, { holder: `w${i}`, atMs: 0 })
        return checkpoint(store, writer, 1)
      }),
    )
    const history = await readHistory((await open(folder)).log)
    expect(history.checkpoints.length).toBeLessThanOrEqual(
      claims.filter(({ status }) => status === 'fulfilled').length,
    )
    expect(history.terms.slice(0, -1).every(({ sealed }) => sealed)).toBe(true)
    expect(history.damages).toEqual([])
  })

  it('C7: a truncated slot and an altered part are refused', async () => {
    const folder = temporaryFolder()
    const store = await open(folder)
    const writer = await claimTerm(store.log, { holder: 'a', atMs: 0 })
    await checkpoint(store, writer, 1)
    await checkpoint(store, writer, 2)
    writeFileSync(join(folder, 'parts', '1.0.2.by-page.0.0'), new Uint8Array(5_000))
    await expect(restored(store)).rejects.toMatchObject({ code: 'PART_DAMAGED' })
    truncateSync(join(folder, 'log', '1', '2'), 20)
    await expect(restored(store)).rejects.toMatchObject({ code: 'CHECKPOINT_DAMAGED' })
  })

  it('a full disk fails the checkpoint, and the job goes on when there is room again', async () => {
    const disk = mounted('size=256k')
    let full = disk === null
    // Without a disk of its own the test fills one in the mind of the port.
    const files: Files = {
      ...systemFiles,
      async open(path, mode) {
        const handle = await systemFiles.open(path, mode)
        if (!full) return handle
        return { ...handle, append: () => Promise.reject(systemError('ENOSPC', 'append', path)) }
      },
    }
    const folder = disk ?? temporaryFolder()
    const store = await open(folder, files)
    full = false
    const writer = await claimTerm(store.log, { holder: 'a', atMs: 0 })
    await checkpoint(store, writer, 1)
    full = disk === null
    await expect(checkpoint(store, writer, 2, 1_000_000)).rejects.toMatchObject({
      code: 'STORE_FULL',
      retry: 'retry',
    })
    expect(readdirSync(join(folder, 'parts'))).toEqual(['1.0.1.by-page.0.0'])
    expect(await restored(store)).toMatchObject({ checkpoint: 1 })
    full = false
    expect(await checkpoint(store, writer, 3)).toMatchObject({ kind: 'created', slot: 2 })
    expect(await restored(store)).toMatchObject({ checkpoint: 3 })
  })

  it('a folder that may not be written is refused with what to do', async () => {
    const folder = mounted('ro') ?? temporaryFolder()
    chmodReadOnly(folder)
    const files: Files =
      process.getuid?.() === 0 && !isReadOnly(folder)
        ? { ...systemFiles, makeFolder: (path) => Promise.reject(systemError('EACCES', 'mkdir', path)) }
        : systemFiles
    const store = await open(join(folder, 'store'), files)
    await expect(claimTerm(store.log, { holder: 'a', atMs: 0 })).rejects.toMatchObject({
      code: 'STORE_UNWRITABLE',
      retry: 'fatal',
      message: expect.stringContaining(folder),
    })
  })
})

function chmodReadOnly(folder: string): void {
  try {
    chmodSync(folder, 0o555)
    undo.push(() => chmodSync(folder, 0o755))
  } catch {
    // A read-only file system needs no more.
  }
}

function isReadOnly(folder: string): boolean {
  try {
    writeFileSync(join(folder, 'probe'), '')
    return false
  } catch {
    return true
  }
}
