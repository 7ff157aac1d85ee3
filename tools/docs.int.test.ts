// The snippets of README.md and docs/ that are marked `ts run` are run as they stand, in a module of their own.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const execute = promisify(execFile)
// Inside the clone, where `import 'millrace'` is this package.
mkdirSync(join(root, '.cache'), { recursive: true })
const folder = mkdtempSync(join(root, '.cache/snippets-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

interface Snippet {
  readonly page: string
  readonly number: number
  readonly code: string
  /** The ```text block that follows, if it is what the snippet prints. */
  readonly output: string | undefined
}

function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(join(root, page), 'utf8')
  const blocks = text.matchAll(/```ts run\n([\s\S]*?)```(?:\s*```text output\n([\s\S]*?)```)?/g)
  return [...blocks].map(([, code = '', output], number) => ({ page, number, code, output }))
}

describe('snippets of the documentation', () => {
  const snippets = pages.flatMap(snippetsOf)

  it('exist', () => {
    expect(snippets.length).toBeGreaterThan(2)
  })

  it.each(snippets)('$page, snippet $number', async ({ page, number, code, output }) => {
    const file = join(folder, `${page.replaceAll('/', '-')}-${number}.ts`)
    writeFileSync(file, code)
    const register = join(root, 'dist/actors/system/typescript/register.js')
    const { stdout } = await execute(process.execPath, ['--import', register, file], { cwd: folder })
    if (output !== undefined) expect(stdout).toBe(output)
  })

  it('pages only link to what exists', () => {
    const broken = pages.flatMap((page) => {
      const text = readFileSync(join(root, page), 'utf8')
      const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map(
        ([, target = '']) => target,
      )
      return links
        .filter((target) => !exists(join(root, dirname(page), target)))
        .map((target) => `${page}: ${target}`)
    })
    expect(broken).toEqual([])
  })
})

function exists(path: string): boolean {
  try {
    readdirSync(path)
    return true
  } catch (error) {
    return (error as { code?: unknown }).code === 'ENOTDIR'
  }
}
