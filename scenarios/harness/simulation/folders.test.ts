import { expect, it } from 'vitest'
import { isSlow, storeFolder, type SlowFolder } from './folders.ts'

const paths = [
  `${storeFolder}/log/3`,
  `${storeFolder}/parts/a`,
  `${storeFolder}/tickets/1`,
  '/out/rows.jsonl',
]

it.each<[SlowFolder, readonly boolean[]]>([
  ['log', [true, false, false, false]],
  ['parts', [false, true, false, false]],
  ['store', [true, true, true, false]],
  ['outputs', [false, false, false, true]],
  ['everywhere', [true, true, true, true]],
])('where %s is slow, nothing else is', (where, slow) => {
  expect(paths.map((path) => isSlow(where, path))).toEqual(slow)
})
