/** docs/guarantees.md names every scenario at each of its faults, and only tests and scenarios that exist. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { scenarios } from './all.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = readFileSync(`${root}docs/guarantees.md`, 'utf8')

interface Row {
  readonly fault: number
  readonly shownBy: readonly string[]
}

const rows = page.split('\n').flatMap((line): Row[] => {
  const cells = line.split('|').map((cell) => cell.trim())
  if (!/^\d+$/.test(cells[1] ?? '')) return []
  const shownBy = [...(cells[5] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
  return [{ fault: Number(cells[1]), shownBy }]
})

describe('docs/guarantees.md', () => {
  it('has a row for each fault, once', () => {
    expect(rows.length).toBeGreaterThan(70)
    expect(new Set(rows.map(({ fault }) => fault)).size).toBe(rows.length)
  })

  it('names every scenario in the rows of its faults, and no other there', () => {
    const wanted = scenarios.flatMap(({ name, faults }) => faults.map((fault) => `${fault} ${name}`))
    const named = rows.flatMap(({ fault, shownBy }) =>
      shownBy.filter((name) => !name.includes('.test.ts')).map((name) => `${fault} ${name}`),
    )
    expect(named.sort()).toEqual(wanted.sort())
  })

  it('names only tests that exist', () => {
    const wrong = rows
      .flatMap(({ shownBy }) => shownBy)
      .filter((name) => name.includes('.test.ts'))
      .filter((name) => {
        const [path = '', title] = name.split(' › ')
        if (!existsSync(root + path)) return true
        return (
          title !== undefined &&
          !readFileSync(root + path, 'utf8')
            .replaceAll('`', '')
            .includes(title)
        )
      })
    expect(wrong).toEqual([])
  })
})
