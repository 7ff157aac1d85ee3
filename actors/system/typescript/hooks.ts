/** Module hooks: `.ts` and `.mts` files are ES modules, `.cts` files CommonJS; types are stripped. */
import { readFile } from 'node:fs/promises'
import type { LoadHook, ResolveHook } from 'node:module'
import { fileURLToPath } from 'node:url'
import { stripTypes } from './strip-types.ts'

/** TypeScript's habit of writing the name that a compiler would emit: `./parse.js` means `./parse.ts`. */
export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  try {
    return await nextResolve(specifier, context)
  } catch (error) {
    const source = sourceOf(specifier)
    const code = (error as { code?: unknown }).code
    if (source === undefined || code !== 'ERR_MODULE_NOT_FOUND') throw error
    return nextResolve(source, context)
  }
}

export const load: LoadHook = async (url, context, nextLoad) => {
  if (!isTypeScript(url)) return nextLoad(url, context)
  const path = fileURLToPath(url)
  const text = await readFile(path, 'utf8')
  return {
    format: path.endsWith('.cts') ? 'commonjs' : 'module',
    source: stripTypes(text, { path, url }),
    shortCircuit: true,
  }
}

function sourceOf(specifier: string): string | undefined {
  const isFile = /^(?:\.{1,2}\/|\/|file:)/.test(specifier)
  return isFile && /\.[mc]?js$/.test(specifier) ? specifier.replace(/js$/, 'ts') : undefined
}

function isTypeScript(url: string): boolean {
  return url.startsWith('file:') && /\.[mc]?ts$/.test(new URL(url).pathname)
}
