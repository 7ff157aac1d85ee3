/** Where a simulated job keeps its checkpoints. */
export const storeFolder = '/checkpoints'

/** In which folders files are slow: of the store all, its log or its parts; or what is not of the store. */
export const slowFolders = ['log', 'parts', 'store', 'outputs', 'everywhere'] as const
export type SlowFolder = (typeof slowFolders)[number]

export function isSlow(where: SlowFolder, path: string): boolean {
  if (where === 'everywhere') return true
  if (where === 'outputs') return !path.startsWith(storeFolder)
  return path.startsWith(where === 'store' ? storeFolder : `${storeFolder}/${where}`)
}
