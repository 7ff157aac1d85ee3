import { expect, it } from 'vitest'
import { parseKeys } from './parse-keys.ts'

it.each([
  ['SFO', ['SFO']],
  ['42', [42, '42']],
  ['"42"', ['42', '"42"']],
  ['["a",1]', [['a', 1], '["a",1]']],
  ['42n', [42n, '42n']],
  ['true', [true, 'true']],
  ['{"a":1}', ['{"a":1}']],
  ['null', ['null']],
])('%s', (text, keys) => {
  expect(parseKeys(text)).toEqual(keys)
})
