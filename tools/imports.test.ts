import { describe, expect, it } from 'vitest'
import { findCycles } from './find-cycles.ts'
import { readImports } from './read-imports.ts'

function graph(edges: Record<string, string[]>): Map<string, string[]> {
  return new Map(Object.entries(edges))
}

describe('findCycles', () => {
  it('finds none in a diamond', () => {
    expect(findCycles(graph({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }))).toEqual([])
  })

  it('tells each cycle once, as a chain that closes', () => {
    const found = findCycles(graph({ a: ['b'], b: ['c', 'x'], c: ['b'], x: ['x'] }))
    expect(found).toEqual(['x → x', 'b → c → b'])
  })
})

describe('readImports', () => {
  it('tells imports that load a module from those that are gone at run time', () => {
    const text = [
      `import a, { type A } from './a.ts'`,
      `import type { B } from './b.ts'`,
      `export * from './c.ts'`,
      `export type { D } from './d.ts'`,
      `let e: import('./e.ts').E`,
      `const f = await import('./f.ts')`,
      `import './g.ts'`,
    ].join('\n')
    expect(readImports('x.ts', text)).toEqual([
      { specifier: './a.ts', kind: 'value' },
      { specifier: './b.ts', kind: 'type' },
      { specifier: './c.ts', kind: 'value' },
      { specifier: './d.ts', kind: 'type' },
      { specifier: './e.ts', kind: 'type' },
      { specifier: './f.ts', kind: 'dynamic' },
      { specifier: './g.ts', kind: 'value' },
    ])
  })
})
