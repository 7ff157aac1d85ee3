import { describe, expect, it } from 'vitest'
import { ConfigError, MillraceError, reportError, reviveError, systemCode } from './errors.ts'

class SampleError extends MillraceError<'SAMPLE'> {}

describe('errors carry a code, a class and a cause', () => {
  it('under the name of their own class', () => {
    const cause = new Error('disk')
    const error = new SampleError('SAMPLE', 'what', { retry: 'record', cause, details: { step: 'a' } })
    expect(error).toMatchObject({
      name: 'SampleError',
      code: 'SAMPLE',
      retry: 'record',
      cause,
      details: { step: 'a' },
    })
    expect(error).toBeInstanceOf(MillraceError)
  })

  it('no cause is no property', () => {
    expect('cause' in new SampleError('SAMPLE', 'what', { retry: 'retry' })).toBe(false)
  })

  it('a bad option is fatal', () =>
    expect(new ConfigError('X', 'y')).toMatchObject({ retry: 'fatal', details: {} }))
})

describe('an error crosses a process as a report', () => {
  it('and keeps what supervision and people need', () => {
    const error = new SampleError('SAMPLE', 'what', { retry: 'fatal', details: { file: 'x' } })
    const report = reportError(error)
    const revived = reviveError(JSON.parse(JSON.stringify(report)) as typeof report)
    expect(reportError(revived)).toEqual(report)
    expect(revived.stack).toBe(error.stack)
  })

  it('whatever its thrower put into the details', () => {
    const cyclic: Record<string, unknown> = {}
    cyclic.self = cyclic
    const details = {
      fn: () => 1,
      cyclic,
      error: new Error('x'),
      bytes: 9n,
      nothing: undefined,
      at: [1, 'a'],
    }
    expect(reportError(new SampleError('SAMPLE', 'what', { retry: 'retry', details })).details).toEqual({
      fn: '() => 1',
      cyclic: '[object Object]',
      error: {},
      bytes: 9n,
      nothing: undefined,
      at: [1, 'a'],
    })
  })

  it('an untyped throw is transient', () => {
    expect(reportError(new TypeError('x is not a function'))).toMatchObject({
      code: 'UNTYPED',
      retry: 'retry',
      message: 'x is not a function',
      stack: expect.stringContaining('TypeError'),
    })
    expect(reportError('text')).toEqual({
      code: 'UNTYPED',
      message: 'text',
      retry: 'retry',
      details: {},
      stack: '',
    })
    expect(reportError(undefined)).toMatchObject({ code: 'UNTYPED', message: 'undefined' })
  })
})

describe('the code of a system error', () => {
  it.each<[unknown, string]>([
    [Object.assign(new Error('x'), { code: 'ENOENT' }), 'ENOENT'],
    [Object.assign(new Error('x'), { code: 7 }), ''],
    [new Error('x'), ''],
    [null, ''],
    [undefined, ''],
    ['EIO', ''],
  ])('%s', (error, code) => expect(systemCode(error)).toBe(code))
})
