// docs/errors.md has every error code of what is published, with its retry class, and no other.
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readErrorKinds, readErrors, type ErrorKind } from './read-errors.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const published = ['core', 'transport', 'snapshot', 'operators', 'actors', 'scenarios', 'cli']
/** Under `code:` of a warning; nothing fails, so it has no class. */
const unclassed = '–'

const sources = published
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  )
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

const kinds: ReadonlyMap<string, ErrorKind> = new Map(
  sources.flatMap(({ path, text }) => [...readErrorKinds(path, text)]),
)
const errors = sources.map(({ path, text }) => readErrors(path, text, kinds))
const raised = errors.flatMap((found) => found.raised)
const codes = new Set(raised.map(({ code }) => code))

/** Every class that some place of the source writes for the code; `whole` if all of its places do. */
function classesOf(code: string): { readonly known: readonly string[]; readonly whole: boolean } {
  const found = raised.filter((error) => error.code === code).map(({ retry }) => retry)
  return {
    known: [...new Set(found.flatMap((retry) => retry ?? []))].sort(),
    whole: !found.includes(undefined),
  }
}

const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')
const rows = page.split('\n').flatMap((line) => {
  const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
  const [, code] = /^`([A-Z][A-Z0-9_]+)`$/.exec(cells[1] ?? '') ?? []
  if (code === undefined) return []
  return [
    { code, classes: (cells[2] ?? '').replaceAll('`', '').split(', ').sort(), texts: cells.slice(3, 5) },
  ]
})

describe('docs/errors.md', () => {
  it('has every code that the source raises, and no other, each once', () => {
    expect(codes.size).toBeGreaterThan(150)
    expect(rows.map(({ code }) => code).sort()).toEqual([...codes].sort())
  })

  it('says the retry class that the source writes', () => {
    const wrong = rows.filter(({ code, classes }) => {
      const { known, whole } = classesOf(code)
      const legal = classes.every((name) => ['retry', 'fatal', 'record', unclassed].includes(name))
      if (classes.includes(unclassed)) return classes.length > 1 || known.length > 0
      return (
        !legal || (whole ? known.join() !== classes.join() : known.some((name) => !classes.includes(name)))
      )
    })
    expect(wrong.map((row) => ({ ...row, source: classesOf(row.code).known }))).toEqual([])
    const readable = rows.filter(({ code }) => classesOf(code).whole)
    expect(readable.length).toBeGreaterThan(rows.length * 0.8)
  })

  it('says of each what it means and what to do', () => {
    const silent = rows.filter(({ texts }) => texts.length < 2 || texts.some((text) => text.length < 10))
    expect(silent.map(({ code }) => code)).toEqual([])
  })

  it('holds what the other pages name', () => {
    const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(root, 'docs', name))
    const named = [join(root, 'README.md'), ...pages].flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g)].map(
        ([, code = '']) => code,
      ),
    )
    const variables = new Set(['NATS_SERVER', 'MILLRACE_DEBUG'])
    expect(named.filter((code) => !codes.has(code) && !variables.has(code))).toEqual([])
  })

  it('no type promises a code that nothing raises', () => {
    const declared = errors.flatMap((found) => found.declared)
    expect(declared.filter((code) => !codes.has(code))).toEqual([])
  })
})

describe('readErrors', () => {
  const own = new Map(
    readErrorKinds(
      'errors.ts',
      `class FixedError extends MillraceError { constructor(m) { super('OWN_CODE', m, { retry: 'record' }) } }
       class OpenError extends MillraceError { constructor(c, m, extras) { super(c, m, { retry: 'fatal', ...extras }) } }`,
    ),
  )
  const classOf = (text: string): unknown => readErrors('x.ts', text, own).raised.map(({ retry }) => retry)

  it('reads the class where it is written, and where the constructor settles it', () => {
    expect(own.get('FixedError')).toEqual({ retry: 'record', open: false, code: 'OWN_CODE' })
    expect(classOf(`new FixedError('A_B', 'why', { retry: 'fatal' })`)).toEqual([['record']])
    expect(classOf(`new OpenError('A_B', 'why')`)).toEqual([['fatal']])
    expect(classOf(`new OpenError('A_B', 'why', { details: {} })`)).toEqual([['fatal']])
    expect(classOf(`new OpenError('A_B', 'why', { ...more, retry: 'retry' })`)).toEqual([['retry']])
    expect(classOf(`new MillraceError('A_B', 'why', { retry: late ? 'retry' : 'fatal' })`)).toEqual([
      ['retry', 'fatal'],
    ])
  })

  it('owns that it cannot read a class that comes from elsewhere', () => {
    expect(classOf(`new OpenError('A_B', 'why', extras)`)).toEqual([undefined])
    expect(classOf(`new OpenError('A_B', 'why', { ...extras })`)).toEqual([undefined])
    expect(classOf(`new MillraceError('A_B', 'why', { retry: error.retry })`)).toEqual([undefined])
  })

  it('tells codes that are raised from those that are spoken of, and from names of the system', () => {
    const { raised: found, declared } = readErrors(
      'x.ts',
      `type Code = 'IN_TYPE'
       if (error.code === 'COMPARED_WITH') throw new KnownError('SINGLE', 'why', { retry: 'retry' })
       const codes = ['IN_LIST'], folder = env['HOME_FOLDER'], system = { code: 'EIO' }`,
      own,
    )
    expect(found).toEqual([{ code: 'SINGLE', retry: ['retry'] }])
    expect(declared).toEqual(['IN_TYPE'])
  })
})
