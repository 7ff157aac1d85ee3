// The layout as a test (docs/ARCHITECTURE.md):
//   A1  imports run one way: scenarios, cli, bench → index → actors → {operators, snapshot, transport} → core;
//       the three in braces never import each other, and actors/kit imports only core
//   A2  no cycle of imports that exist at run time
//   A3  what is published imports only dependencies and optional peers
//   A4  a file of code has at most 350 lines
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { findCycles } from './find-cycles.ts'
import { readImports, type Import } from './read-imports.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const linesMax = 350

/** What the code of each part may import besides itself; tests, tools and examples may import anything. */
const mayImport: Record<string, readonly string[]> = {
  core: [],
  transport: ['core'],
  snapshot: ['core'],
  operators: ['core'],
  'actors/kit': ['core'],
  actors: ['core', 'transport', 'snapshot', 'operators', 'actors/kit'],
  'index.ts': ['core', 'transport', 'snapshot', 'operators', 'actors', 'actors/kit'],
  scenarios: ['core', 'transport', 'snapshot', 'operators', 'actors', 'actors/kit', 'index.ts'],
  cli: ['core', 'transport', 'snapshot', 'operators', 'actors', 'index.ts', 'scenarios'],
  bench: ['core', 'transport', 'snapshot', 'operators', 'actors', 'index.ts', 'scenarios'],
}
const unruled = ['tests', 'tools', 'docs', 'examples', 'vitest.config.ts']
const unpublished = ['bench', ...unruled]

interface SourceFile {
  path: string
  part: string
  lines: number
  imports: Import[]
}

function isTest(path: string): boolean {
  return path.endsWith('.test.ts')
}

function partOf(path: string): string {
  if (path.startsWith('actors/kit/')) return 'actors/kit'
  return path.split('/')[0] ?? path
}

function listSources(folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || ['node_modules', 'dist', 'coverage', 'fixtures'].includes(entry.name))
      return []
    const path = posix.join(folder, entry.name)
    if (entry.isDirectory()) return listSources(path)
    return path.endsWith('.ts') && !path.endsWith('.d.ts') ? [path] : []
  })
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8')
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
  return { path, part: partOf(path), lines, imports: readImports(path, text) }
}

const code = listSources()
  .filter((path) => !isTest(path))
  .map(readSource)

/** The repository path that a relative import names. */
function targetOf(from: string, { specifier }: Import): string {
  return posix.join(posix.dirname(from), specifier)
}

function packageOf(specifier: string): string {
  const [scopeOrName = '', name = ''] = specifier.split('/')
  return scopeOrName.startsWith('@') ? `${scopeOrName}/${name}` : scopeOrName
}

describe('architecture', () => {
  it('A1: every file lies in a part of the layout', () => {
    const strays = code.filter(({ part }) => !(part in mayImport) && !unruled.includes(part))
    expect(strays.map(({ path }) => path)).toEqual([])
  })

  it('A1: imports run one way', () => {
    const wrong = code.flatMap(({ path, part, imports }) => {
      const allowed = mayImport[part]
      if (allowed === undefined) return []
      return imports
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map((found) => targetOf(path, found))
        .filter((target) => partOf(target) !== part && !allowed.includes(partOf(target)))
        .map((target) => `${path} imports ${target}`)
    })
    expect(wrong).toEqual([])
  })

  it('A1: engine code imports its own files, never the package or a test', () => {
    const wrong = code
      .filter(({ part }) => part in mayImport && part !== 'bench')
      .flatMap(({ path, imports }) =>
        imports
          .filter(({ specifier }) => packageOf(specifier) === 'millrace' || isTest(specifier))
          .map(({ specifier }) => `${path} imports ${specifier}`),
      )
    expect(wrong).toEqual([])
  })

  it('A2: no cycle of imports', () => {
    const graph = new Map(
      code.map(({ path, imports }) => [
        path,
        imports
          .filter(({ specifier, kind }) => specifier.startsWith('.') && kind === 'value')
          .map((found) => targetOf(path, found)),
      ]),
    )
    expect(findCycles(graph)).toEqual([])
  })

  it('A3: what is published imports only dependencies and optional peers', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, object>
    const shipped = Object.keys({ ...manifest['dependencies'], ...manifest['peerDependencies'] })
    const wrong = code
      .filter(({ part }) => !unpublished.includes(part))
      .flatMap(({ path, imports }) =>
        imports
          // A driver that is imported when it is used may be missing: then its own error says so.
          .filter(({ specifier, kind }) => kind === 'value' && !/^(?:\.|node:)/.test(specifier))
          .filter(({ specifier }) => !shipped.includes(packageOf(specifier)))
          .map(({ specifier }) => `${path} imports ${specifier}`),
      )
    expect(wrong).toEqual([])
  })

  it(`A4: a file of code has at most ${linesMax} lines`, () => {
    const long = code.filter(({ lines }) => lines > linesMax)
    expect(long.map(({ path, lines }) => `${path}: ${lines} lines`)).toEqual([])
  })
})
