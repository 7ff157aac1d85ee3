/** FILE as a flow: a module whose default export is one. */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MillraceError, type Flow } from '../index.ts'
import { isFlow } from '../operators/flow.ts'
import { absent, UsageError } from './usage-error.ts'

export interface LoadedFlow {
  readonly flow: Flow
  /** What worker processes load again. */
  readonly entry: string
}

/**
 * Throws UsageError `FILE_MISSING`, `FILE_KIND`; MillraceError `FLOW_LOAD` where the module cannot be loaded or
 * throws, `FLOW_MISSING` where its default export is no flow.
 */
export async function loadFlow(file: string): Promise<LoadedFlow> {
  const path = resolve(file)
  await checkFile(file, path)
  if (/\.[mc]?ts$/.test(path)) await import('../actors/system/typescript/register.ts')
  const entry = pathToFileURL(path).href
  const module = await load(file, entry)
  const { default: flow } = module
  if (isFlow(flow)) return { flow, entry }
  const found = 'default' in module ? `found ${describe(flow)}` : `it has no default export`
  throw new MillraceError(
    'FLOW_MISSING',
    `${file} must export a flow as its default, ${found}; write: export default flow('name') … with its steps`,
    { retry: 'fatal' },
  )
}

async function checkFile(file: string, path: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new UsageError(
      'FILE_MISSING',
      `there is no file ${file}; give the path of a module that exports a flow`,
      absent(cause) ? undefined : cause,
    )
  })
  if (!found.isFile())
    throw new UsageError('FILE_KIND', `${file} is not a file; give the path of a module that exports a flow`)
  if (/\.[mc]?[jt]s$/.test(path)) return
  throw new UsageError('FILE_KIND', `${file} is not a module; its name must end in .ts, .mts, .js or .mjs`)
}

async function load(file: string, entry: string): Promise<Record<string, unknown>> {
  try {
    return (await import(entry)) as Record<string, unknown>
  } catch (cause) {
    const { name, message } = cause instanceof Error ? cause : new Error(String(cause))
    const code = (cause as { code?: unknown } | null)?.code
    const what = typeof code === 'string' ? code : name
    throw new MillraceError(
      'FLOW_LOAD',
      `${file} cannot be loaded: ${what}: ${message}${placeOf(cause, entry)}`,
      {
        retry: 'fatal',
        cause,
      },
    )
  }
}

/** Where in the module it went wrong, if the stack says it. */
function placeOf(cause: unknown, entry: string): string {
  const stack = cause instanceof Error ? (cause.stack ?? '') : ''
  const at = stack.indexOf(`${entry}:`)
  const place = at < 0 ? undefined : /^:(\d+)/.exec(stack.slice(at + entry.length))?.[1]
  return place === undefined ? '' : ` (line ${place})`
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  return typeof value === 'object' ? 'an object that is no flow' : `a ${typeof value}`
}
