import { describe, expect, it } from 'vitest'
import { ConfigError } from './errors.ts'
import {
  checkpointId,
  compareEpochs,
  epochLabel,
  flowName,
  linkId,
  sameEpoch,
  stepName,
  taskId,
  termNumber,
  workerId,
} from './ids.ts'
import { limits } from './limits.ts'

describe('names become file names and subjects, so they pass one allow-list', () => {
  it.each(['a', 'page-views', 'A_1', 'x'.repeat(limits.nameLengthMax)])('%s', (name) => {
    expect([flowName(name), stepName(name), workerId(name)]).toEqual([name, name, name])
  })

  it.each([
    ...['', '1a', '-a', '_a', 'a b', 'a.b', 'a/b', '../a', 'a\0', 'a\n', 'a>', 'a*', 'ä', 'x'.repeat(65)],
    ...[undefined, null, 1, {}],
  ])('not %j', (name) => {
    for (const check of [flowName, stepName, workerId]) {
      expect(() => check(name)).toThrowError(ConfigError)
      expect(() => check(name)).toThrowError(
        expect.objectContaining({ code: 'NAME_ILLEGAL', retry: 'fatal' }),
      )
    }
  })
})

describe('numbers', () => {
  it('links count from 0, checkpoints and terms from 1', () => {
    expect([linkId(0), checkpointId(1), termNumber(1)]).toEqual([0, 1, 1])
    for (const act of [
      () => linkId(-1),
      () => checkpointId(0),
      () => termNumber(0),
      () => linkId(1.5),
      () => linkId(2 ** 53),
    ]) {
      expect(act).toThrowError(expect.objectContaining({ code: 'ID_ILLEGAL' }))
    }
  })

  it('a task is its chain and index', () => expect(taskId(stepName('count'), 3)).toBe('count[3]'))
})

describe('epochs are ordered by term, then attempt', () => {
  const epoch = (term: number, attempt: number) => ({ term: termNumber(term), attempt })

  it('orders', () => {
    const epochs = [epoch(2, 1), epoch(1, 10), epoch(1, 2), epoch(10, 1)]
    expect(epochs.sort(compareEpochs).map(epochLabel)).toEqual(['1.2', '1.10', '2.1', '10.1'])
  })

  it('compares', () => {
    expect(sameEpoch(epoch(1, 2), epoch(1, 2))).toBe(true)
    expect(sameEpoch(epoch(1, 2), epoch(2, 1))).toBe(false)
    expect(compareEpochs(epoch(1, 2), epoch(1, 2))).toBe(0)
  })
})
