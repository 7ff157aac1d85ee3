/** What happens to a store and an output folder while nothing runs. */
import type { Files } from '../../core/ports/files.ts'

/** Rewrites the newest manifest of the job log. */
export async function damageNewestSlot(
  files: Files,
  store: string,
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  const term = highest(await files.list(`${store}/log`))
  const folder = `${store}/log/${term}`
  const slot = highest(await files.list(folder))
  const path = `${folder}/${slot}`
  const bytes = await files.readAll(path)
  await files.unlink(path)
  await writeFile(files, path, change(bytes))
}

/** Removes the state parts that the newest checkpoint put into the store. */
export async function removeNewestParts(files: Files, store: string): Promise<void> {
  const names = await files.list(`${store}/parts`)
  const checkpointOf = (name: string): number => Number(name.split('.')[2])
  const newest = Math.max(...names.map(checkpointOf).filter(Number.isInteger))
  for (const name of names) if (checkpointOf(name) === newest) await files.unlink(`${store}/parts/${name}`)
}

/** Staged output of an epoch that never was, and what a write of the log left when it was cut off. */
export async function leaveLitter(files: Files, output: string, store: string): Promise<void> {
  await writeFile(files, `${output}/.staged-1.99-0-0.jsonl`, encode('{"kind":"booked","id":-1}\n'))
  await writeFile(files, `${store}/log/.tmp-litter`, encode('half of'))
}

const highest = (names: readonly string[]): number =>
  Math.max(...names.filter((name) => /^\d+$/.test(name)).map(Number))

async function writeFile(files: Files, path: string, bytes: Uint8Array): Promise<void> {
  const handle = await files.open(path, 'create')
  await handle.append(bytes)
  await handle.sync()
  await handle.close()
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
