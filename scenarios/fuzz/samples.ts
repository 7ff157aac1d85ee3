/** Valid values to start from, which together use everything that the codec carries. */
import { checkpointId, flowName, stepName, termNumber, type Epoch } from '../../core/ids.ts'
import type { Manifest } from '../../snapshot/manifest.ts'

export const records: readonly unknown[] = [
  {
    id: 1,
    name: 'ada',
    tags: ['a', 'ü', ''],
    at: new Date(1e12),
    ok: true,
    nothing: null,
    missing: undefined,
  },
  { id: -7_000_000, name: 'grace', tags: [], at: new Date(-1), ok: false, nothing: null, missing: undefined },
  new Map<unknown, unknown>([
    [1, 'one'],
    ['two', 2n ** 80n],
    [-5n, [-0, 0.1, 1e300, 2 ** 40]],
    [true, new Set(['x', 1, null])],
  ]),
  { bytes: new Uint8Array([1, 2, 3]), words: new Uint16Array([1, 2]), floats: new Float64Array([0.5]) },
  { __keys__: 1, constructor: 'c', nested: { deep: { deeper: [[[['bottom']]]] } } },
  Object.assign(Object.create(null) as object, { bare: -0 }),
  'a string with an emoji 🙂 and a byte order mark \ufeff',
  9_007_199_254_740_991,
  -1n,
  [],
]

/** Many of one shape: compiled readers, and frames of some size. */
export const table: readonly unknown[] = Array.from({ length: 40 }, (_, i) => ({
  account: `a${i % 7}`,
  amount: i * 1.5,
  entry: i,
  open: i % 2 === 0,
}))

export const epoch: Epoch = { term: termNumber(3), attempt: 2 }
const part = '3.2.7.by-page.0.0'

export function sampleManifest(): Manifest {
  return {
    format: 1,
    job: flowName('job'),
    checkpoint: checkpointId(7),
    epoch,
    final: false,
    savepoint: true,
    unaligned: true,
    fingerprint: 'f'.repeat(64),
    keyGroups: 128,
    startedMs: 1_700_000_000_000,
    completedMs: 1_700_000_000_123.5,
    steps: [
      {
        step: stepName('by-page'),
        version: 1,
        sections: [
          {
            scope: { kind: 'group', group: 5 },
            content: { kind: 'part', part, offset: 0, length: 10, crc: 0xdead_beef },
          },
          {
            scope: {
              kind: 'channel',
              from: stepName('lines'),
              output: 'main',
              nth: 0,
              fromIndex: 1,
              fromTasks: 2,
              to: stepName('by-page'),
              toIndex: 0,
              toTasks: 2,
            },
            content: { kind: 'part', part, offset: 0, length: 10, crc: 1 },
          },
          { scope: { kind: 'list', index: 0 }, content: { kind: 'inline', bytes: new Uint8Array([0x90]) } },
        ],
      },
      {
        step: stepName('lines'),
        version: 1,
        sections: [
          {
            scope: { kind: 'split', split: 'part 1/2' },
            content: { kind: 'inline', bytes: new Uint8Array([0xc0]) },
          },
        ],
      },
    ],
    parts: [{ name: part, bytes: 10, digest: 'ab'.repeat(32) }],
  }
}
