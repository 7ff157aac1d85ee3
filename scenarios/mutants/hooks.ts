/** Module hooks that serve mutated source in the place of the built files. */
import { readFile } from 'node:fs/promises'
import type { InitializeHook, LoadHook } from 'node:module'
import { fileURLToPath } from 'node:url'
import { stripTypes } from '../../actors/system/typescript/strip-types.ts'
import { mutate, type Edit } from './mutant.ts'

/** `dist/`, which this file is in once it is built; the sources are beside it. */
const built = new URL('../../', import.meta.url)
const sources = new URL('../', built)
let edits: readonly Edit[] = []

export const initialize: InitializeHook<readonly Edit[]> = (given) => {
  edits = given
}

export const load: LoadHook = async (url, context, nextLoad) => {
  const file = url.startsWith(built.href) ? url.slice(built.href.length).replace(/\.js$/, '.ts') : undefined
  if (file === undefined || !edits.some((edit) => edit.file === file)) return nextLoad(url, context)
  const path = fileURLToPath(new URL(file, sources))
  const text = mutate(await readFile(path, 'utf8'), file, edits)
  return {
    format: 'module',
    source: stripTypes(text, { path, url }).replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'"),
    shortCircuit: true,
  }
}
