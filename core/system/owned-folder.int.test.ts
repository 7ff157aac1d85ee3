import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeOwnedFolder } from './owned-folder.ts'

let parent = ''
beforeEach(async () => void (parent = await mkdtemp(join(tmpdir(), 'millrace-owned-'))))
afterEach(() => rm(parent, { recursive: true, force: true }))

const make = (): Promise<string> => makeOwnedFolder('thing', parent)

/** The id of a process that is certainly over. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' })
  await once(child, 'exit')
  return child.pid!
}

/** The folder as another owner would have made it. */
async function hand(folder: string, change: (parts: string[]) => void): Promise<string> {
  const parts = basename(folder).split('-')
  change(parts)
  const to = join(dirname(folder), parts.join('-'))
  await rename(folder, to)
  await writeFile(join(to, 'content'), 'x')
  return to
}

it("O1, O2: a dead owner's folder is removed by the next, a living one's stays", async () => {
  const mine = await make()
  const dead = await deadPid()
  const orphan = await hand(await make(), (parts) => (parts[1] = String(dead)))
  const next = await make()
  expect(existsSync(orphan)).toBe(false)
  expect([mine, next].every((folder) => existsSync(folder))).toBe(true)
})

it.runIf(process.platform === 'linux')(
  "O2: an owner whose process id is another's by now is dead",
  async () => {
    const orphan = await hand(await make(), (parts) => (parts[2] = '1'))
    await make()
    expect(existsSync(orphan)).toBe(false)
  },
)

it('O2: in doubt it stays: an owner elsewhere, or a name that is not ours', async () => {
  const dead = await deadPid()
  const elsewhere = await hand(await make(), (parts) => {
    parts[1] = String(dead)
    parts[3] = '00000000'
  })
  const strange = [join(parent, 'thing-'), join(parent, 'thing-1'), join(parent, `thing-${dead}-1-x-y`)]
  for (const folder of strange) await mkdir(folder)
  await make()
  expect([elsewhere, ...strange].every((folder) => existsSync(folder))).toBe(true)
})

it('O3: what lies behind a link is left alone, and what cannot be removed stops nobody', async () => {
  const dead = await deadPid()
  const target = join(parent, 'precious')
  await mkdir(target)
  const [, , start, place] = basename(await make()).split('-')
  await symlink(target, join(parent, `thing-${dead}-${start}-${place}-link`))
  const locked = await hand(await make(), (parts) => (parts[1] = String(dead)))
  await chmod(locked, 0o500)
  const made = await make()
  expect(existsSync(target)).toBe(true)
  expect(existsSync(made)).toBe(true)
  if (existsSync(locked)) await chmod(locked, 0o700)
})

it('owners that start at the same moment do not disturb each other', async () => {
  const dead = await deadPid()
  const orphans = await Promise.all(Array.from({ length: 5 }, make))
  for (const orphan of orphans) await hand(orphan, (parts) => (parts[1] = String(dead)))
  const made = await Promise.all(Array.from({ length: 10 }, make))
  expect(new Set(made).size).toBe(10)
  expect(readdirSync(parent).filter((name) => name.includes(`-${dead}-`))).toEqual([])
})
