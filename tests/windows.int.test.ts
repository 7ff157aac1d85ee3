/** Windows through the whole engine, beside what sorting and grouping all records says. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  collect,
  count,
  flow,
  fromArray,
  globalWindow,
  run,
  session,
  sliding,
  sum,
  together,
  toList,
  tumbling,
  type Flow,
  type RunOptions,
} from '../index.ts'

interface Click {
  readonly id: number
  readonly page: string
  readonly atMs: number
}

interface Row {
  readonly key: string
  readonly startMs: number
  readonly endMs: number
  readonly value: { readonly n: number; readonly ids: number }
}

const disorderMs = 40

/** In disorder, but never further behind than the watermark waits. */
const clicks = fc
  .array(fc.record({ page: fc.constantFrom('a', 'b', 'c'), gapMs: fc.nat(25), backMs: fc.nat(disorderMs) }), {
    minLength: 1,
    maxLength: 80,
    size: 'max',
  })
  .map((drawn): Click[] => {
    let highestMs = -300
    return drawn.map(({ page, gapMs, backMs }, id) => {
      highestMs += gapMs
      return { id, page, atMs: highestMs - backMs }
    })
  })

const sums = () => together({ n: count(), ids: sum((click: Click) => click.id) })

async function finish(made: Flow, options: RunOptions = {}): Promise<void> {
  await (
    await run(made, { checkpoints: { everyMs: 5 }, ...options })
  ).finished
}

const sorted = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort()

function rowOf(key: string, startMs: number, endMs: number, group: readonly Click[]): Row {
  return { key, startMs, endMs, value: { n: group.length, ids: group.reduce((a, { id }) => a + id, 0) } }
}

function byPage(all: readonly Click[]): [string, Click[]][] {
  return ['a', 'b', 'c'].map((page) => [page, all.filter((click) => click.page === page)])
}

function expectedFixed(all: readonly Click[], sizeMs: number, slideMs: number): Row[] {
  return byPage(all).flatMap(([page, mine]) => {
    const rows: Row[] = []
    for (let startMs = -2_000 - (-2_000 % slideMs) - slideMs; startMs < 4_000; startMs += slideMs) {
      const group = mine.filter(({ atMs }) => atMs >= startMs && atMs < startMs + sizeMs)
      if (group.length > 0) rows.push(rowOf(page, startMs, startMs + sizeMs, group))
    }
    return rows
  })
}

function expectedSessions(all: readonly Click[], gapMs: number): Row[] {
  return byPage(all).flatMap(([page, mine]) => {
    const groups: Click[][] = []
    for (const click of [...mine].sort((a, b) => a.atMs - b.atMs)) {
      const last = groups.at(-1)
      if (last && click.atMs - (last.at(-1)?.atMs ?? NaN) < gapMs) last.push(click)
      else groups.push([click])
    }
    return groups.map((group) =>
      rowOf(page, group[0]?.atMs ?? NaN, (group.at(-1)?.atMs ?? NaN) + gapMs, group),
    )
  })
}

const settings = fc.record({ parallelism: fc.constantFrom(1, 3), fuse: fc.boolean() })

describe('windows through the engine', { timeout: 120_000 }, () => {
  it('tumbling, sliding and session windows are what grouping all records says', async () => {
    const property = fc.asyncProperty(clicks, settings, async (all, options) => {
      const made = flow('clicks')
      const out = { tumbling: collect<Row>(), sliding: collect<Row>(), session: collect<Row>() }
      const pages = made
        .source('clicks', fromArray(all))
        .eventTime('clock', { atMs: (click) => click.atMs, latenessMaxMs: disorderMs })
        .keyBy('by-page', (click) => click.page)
      pages
        .window('t', tumbling({ sizeMs: 70 }))
        .aggregate('t-sums', sums())
        .sink('t-out', out.tumbling)
      pages
        .window('s', sliding({ sizeMs: 200, slideMs: 30 }))
        .aggregate('s-sums', sums())
        .sink('s-out', out.sliding)
      pages
        .window('g', session({ gapMs: 30 }))
        .aggregate('g-sums', sums())
        .sink('g-out', out.session)
      await finish(made, options)
      expect(sorted(out.tumbling.values)).toEqual(sorted(expectedFixed(all, 70, 70)))
      expect(sorted(out.sliding.values)).toEqual(sorted(expectedFixed(all, 200, 30)))
      expect(sorted(out.session.values)).toEqual(sorted(expectedSessions(all, 30)))
    })
    await fc.assert(property, { numRuns: 20 })
  })

  it('what is too late goes to .late, and nowhere else', async () => {
    const all = [0, 100, 250, 90, 101, 400, 20].map((atMs, id): Click => ({ id, page: 'a', atMs }))
    const made = flow('late')
    const panes = collect<{ readonly value: readonly Click[] }>()
    const late = collect<Click>()
    const counted = made
      .source('clicks', fromArray(all))
      .eventTime('clock', { atMs: (click) => click.atMs })
      .keyBy('by-page', (click) => click.page)
      .window('w', tumbling({ sizeMs: 100 }), { panes: 'discard' })
      .aggregate('list', toList())
    counted.sink('out', panes)
    counted.late.sink('late', late)
    await finish(made)
    const shown = panes.values.flatMap(({ value }) => value)
    expect(sorted([...shown, ...late.values])).toEqual(sorted(all))
  })

  it('windows that need no event time: the whole input a key', async () => {
    const made = flow('whole')
    const out = collect<{ readonly key: number; readonly value: number }>()
    made
      .source('numbers', { ...fromArray([1, 2, 3, 4, 5]), bounded: false })
      .keyBy('parity', (n) => n % 2)
      .window('all', globalWindow())
      .reduce('sum', (a, b) => a + b)
      .sink('out', out)
    const job = await run(made)
    await job.finished
    expect(sorted(out.values)).toEqual(sorted([{ key: 0, value: 6 }, { key: 1, value: 9 }])) // prettier-ignore
    const warnings: string[] = []
    for await (const event of job.events) if (event.event === 'job.warning') warnings.push(`${event.code} ${event.step}`) // prettier-ignore
    expect(warnings).toEqual(['STATE_UNBOUNDED sum'])
  })
})
