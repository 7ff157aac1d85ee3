import { describe, expect, it } from 'vitest'
import { taskId, type StepName } from '../core/ids.ts'
import { isPartName, parsePartName, partName } from './part-name.ts'
import { sampleOwner } from './simulated/samples.ts'

describe('part names', () => {
  it('E6: name epoch, checkpoint, task and ordinal, and are read back', () => {
    const owner = sampleOwner(42, 3, 1)
    expect(partName(owner, 7)).toBe('3.1.42.by-page.0.7')
    expect(parsePartName('3.1.42.by-page.0.7')).toEqual({ ...owner, ordinal: 7 })
  })

  it.each([
    ...[
      '',
      '.',
      '..',
      '../1.0.1.a.0.0',
      '/1.0.1.a.0.0',
      '1.0.1.a.0.0/..',
      '1.0.1.a/b.0.0',
      '1.0.1.a.0.0\0',
      '1.0.1.a.0.0\n',
    ],
    ...[
      '1.0.1.%2e%2e.0.0',
      '0.0.1.a.0.0',
      '1.0.0.a.0.0',
      '01.0.1.a.0.0',
      '1.0.1.a.0',
      '1.0.1.a.0.0.0',
      '1.0.1.0a.0.0',
    ],
    ...['.tmp-1.0.1.a.0.0-0', '1.-1.1.a.0.0', `1.0.1.${'a'.repeat(65)}.0.0`, '1.0.9999999999999999.a.0.0'],
  ])('§9: %j is no part', (name) => {
    expect(isPartName(name)).toBe(false)
  })

  it('§9: a task with a strange id names no part', () => {
    const task = taskId('../../etc' as StepName, 0)
    expect(() => partName({ ...sampleOwner(), task }, 0)).toThrow(/part's name must be/)
  })
})
