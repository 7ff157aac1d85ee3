import { describe, expect, it } from 'vitest'
import { describeGraph, fingerprint } from './fingerprint.ts'
import { flow } from './flow.ts'
import type { Graph } from './graph.ts'
import { collect } from './sinks/index.ts'
import { fromArray } from './sources/index.ts'
import { cell, mapCell, type CellDeclarations } from './state/schema.ts'
import { operator } from './steps/process.ts'

interface Variant {
  readonly parallelism?: number
  readonly rename?: string
  readonly state?: CellDeclarations
  readonly partition?: 'rebalance' | 'broadcast'
  readonly sinkFirst?: boolean
}

function build({
  parallelism = 1,
  rename = 'count',
  state = { n: cell() },
  partition,
  sinkFirst,
}: Variant = {}): Graph {
  const made = flow('f')
  const source = made.source('in', fromArray([1]), { parallelism })
  if (sinkFirst === true) source.sink('raw', collect(), { parallelism })
  const mapped = source.map('m', (n) => n, { parallelism })
  const spread = partition ? mapped[partition]() : mapped
  spread
    .keyBy('k', (n) => n, { parallelism })
    .process(rename, operator<number, number, number>()({ state, onRecord: () => undefined }), {
      parallelism,
    })
    .sink('out', collect(), { parallelism })
  if (sinkFirst === false) source.sink('raw', collect(), { parallelism })
  return made.graph()
}

describe('the fingerprint of a flow', () => {
  it('C5: does not depend on parallelism', () => {
    expect(fingerprint(build({ parallelism: 7 }))).toBe(fingerprint(build()))
  })

  it('does not depend on the order in which steps are added', () => {
    expect(fingerprint(build({ sinkFirst: true }))).toBe(fingerprint(build({ sinkFirst: false })))
  })

  it.each<[string, Variant]>([
    ['a step’s name', { rename: 'total' }],
    ['a cell', { state: { n: cell(), m: cell() } }],
    ['a cell’s kind', { state: { n: mapCell() } }],
    ['an edge', { partition: 'broadcast' }],
    ['a sink', { sinkFirst: true }],
  ])('C5: depends on %s', (_, variant) => {
    expect(fingerprint(build(variant))).not.toBe(fingerprint(build()))
  })

  it('is made of lines that a person can compare', () => {
    expect(describeGraph(build())).toEqual(
      [
        'edge in.main → m forward',
        'edge k.main → count hash',
        'edge count.main → out forward',
        'edge m.main → k forward',
        'operator count: process {n: cell}',
        'operator k: keyBy',
        'operator m: map',
        'sink out: collect',
        'source in: array',
      ].sort(),
    )
    expect(fingerprint(build())).toMatch(/^[0-9a-f]{64}$/)
  })
})
