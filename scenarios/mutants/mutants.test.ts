import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { stripTypes } from '../../actors/system/typescript/strip-types.ts'
import { mutants } from './catalogue/index.ts'
import { turns } from './judge.ts'
import { mutate } from './mutant.ts'

const root = new URL('../../', import.meta.url)
const sourceOf = (file: string): string => readFileSync(new URL(file, root), 'utf8')

describe('mutants', () => {
  it.each(mutants.map((mutant) => [mutant.id, mutant] as const))(
    '%s fits the source, and is a module',
    (_, { edits }) => {
      for (const file of new Set(edits.map((edit) => edit.file))) {
        const source = sourceOf(file)
        const mutated = mutate(source, file, edits)
        expect(mutated).not.toBe(source)
        expect(() => stripTypes(mutated, { path: file, url: file })).not.toThrow()
      }
    },
  )

  it('no two courses are tried with the same seeds, and there are as many as were asked for', () => {
    const taken = [...turns(['a', 'b'], 45)]
    expect(taken.map(({ course }) => course)).toEqual(['a', 'b', 'a', 'b', 'a'])
    const seeds = taken.flatMap(({ from, seeds }) => Array.from({ length: seeds }, (_, i) => from + i))
    expect(seeds).toEqual(Array.from({ length: 45 }, (_, i) => i + 1))
  })

  it('refuses an edit that does not fit', () => {
    const edits = [{ file: 'a.ts', find: 'x', replace: 'y' }]
    expect(() => mutate('x and x', 'a.ts', edits)).toThrow(/holds 2 times/)
    expect(() => mutate('nothing', 'a.ts', edits)).toThrow(/holds 0 times/)
    expect(mutate('x', 'b.ts', edits)).toBe('x')
  })

  it('has a name of its own for each', () => {
    expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length)
    expect(mutants.length).toBeGreaterThanOrEqual(40)
  })
})
