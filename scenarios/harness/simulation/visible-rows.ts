/** What readers of a flow's output see: committed JSONL files, and collected values. */
import type { SimulatedFiles } from '../../../core/simulated/files.ts'
import type { Flow } from '../../../operators/flow.ts'
import type { Collected } from '../../../operators/sinks/index.ts'
import { canonical } from '../compare.ts'
import { storeFolder } from './folders.ts'

export async function visibleRows(flow: Flow, disk: SimulatedFiles): Promise<readonly string[]> {
  const rows: string[] = []
  for (const step of flow.graph().steps.values()) {
    if (step.kind !== 'sink' || step.definition.kind !== 'collect') continue
    const { values } = step.definition as Collected<unknown>
    rows.push(...values.map((value) => `${step.name} ${canonical(value)}`))
  }
  await readFolder(disk, '/', rows)
  return rows.sort()
}

async function readFolder(disk: SimulatedFiles, folder: string, rows: string[]): Promise<void> {
  if (folder === storeFolder) return
  for (const name of await disk.list(folder)) {
    const path = folder === '/' ? `/${name}` : `${folder}/${name}`
    if ((await disk.stat(path)).kind === 'folder') await readFolder(disk, path, rows)
    else if (/^part-.*\.jsonl$/.test(name)) {
      const text = new TextDecoder().decode(await disk.readAll(path))
      for (const line of text.split('\n')) if (line !== '') rows.push(`${folder} ${line}`)
    }
  }
}
