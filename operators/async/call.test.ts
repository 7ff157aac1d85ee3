import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../core/errors.ts'
import { stepName } from '../../core/ids.ts'
import { seededRandom } from '../../core/simulated/random.ts'
import { virtualTime } from '../../core/simulated/time.ts'
import { AsyncCall, type AsyncFn, type Outcome } from './call.ts'
import { resolveAsync, type MapAsyncOptions } from './options.ts'

const settle = async (): Promise<void> => {
  for (let i = 0; i < 10; i += 1) await Promise.resolve()
}

function open(fn: AsyncFn<unknown>, options: MapAsyncOptions = {}, time = virtualTime()) {
  const outcomes: Outcome[] = []
  const call = new AsyncCall(
    {
      step: stepName('s'),
      fn,
      options: resolveAsync('s', options),
      ports: { timers: time, random: seededRandom(1) },
    },
    'record',
    (outcome) => void outcomes.push(outcome),
  )
  call.start()
  const run = async (): Promise<void> => {
    await settle()
    while (outcomes.length === 0 && time.runNext()) await settle()
  }
  return { call, outcomes, time, run }
}

describe('the calls for a record', () => {
  it.each([
    ['a value', () => 7],
    ['a promise', () => Promise.resolve(7)],
  ])('end with the first success, which may be %s; its timer is gone', async (_, fn) => {
    const { outcomes, run, time } = open(fn)
    await run()
    expect(outcomes).toEqual([{ kind: 'done', result: 7 }])
    expect(time.runNext()).toBe(false)
  })

  it('are made again after a delay that doubles, ± 25 %, up to its limit', async () => {
    const startedMs: number[] = []
    const time = virtualTime()
    const { outcomes, run } = open(
      (_, { attempt }) => {
        startedMs.push(time.monotonicMs())
        if (attempt < 5) throw new Error(`no ${attempt}`)
        return attempt
      },
      { retry: { attemptsMax: 5, delayMs: 100, delayMsMax: 300 } },
      time,
    )
    await run()
    expect(outcomes).toEqual([{ kind: 'done', result: 5 }])
    const delays = startedMs.slice(1).map((ms, i) => ms - (startedMs[i] ?? 0))
    delays.forEach((delay, i) => {
      const expected = [100, 200, 300, 300][i] ?? 0
      expect(delay).toBeGreaterThanOrEqual(expected * 0.75)
      expect(delay).toBeLessThanOrEqual(expected * 1.25)
    })
  })

  it('fail with the last error when none is left, and at once on a fatal one', async () => {
    const failing = open((_, { attempt }) => Promise.reject(new Error(`no ${attempt}`)), {
      retry: { attemptsMax: 3 },
    })
    await failing.run()
    expect(failing.outcomes).toEqual([{ kind: 'failed', error: new Error('no 3') }])
    const fatal = new MillraceError('NO_ACCOUNT', 'no account', { retry: 'fatal' })
    const hopeless = open(() => Promise.reject(fatal), { retry: { attemptsMax: 3 } })
    await hopeless.run()
    expect(hopeless.outcomes).toEqual([{ kind: 'failed', error: fatal }])
  })

  it('that run out of time are aborted and count as failed; what they answer later changes nothing', async () => {
    const reasons: unknown[] = []
    let answerFirst: (value: string) => void = () => undefined
    const { outcomes, run, time } = open(
      (_, { signal, attempt }) => {
        if (attempt === 2) return 'second'
        signal.addEventListener('abort', () => reasons.push((signal.reason as MillraceError).code))
        return new Promise((resolve) => (answerFirst = resolve))
      },
      { timeoutMs: 50, retry: { attemptsMax: 2, delayMs: 10 } },
    )
    await settle()
    time.runNext()
    expect([time.monotonicMs(), reasons]).toEqual([50, ['ASYNC_TIMEOUT']])
    answerFirst('first')
    await run()
    expect(outcomes).toEqual([{ kind: 'done', result: 'second' }])
  })

  it('are aborted when the task ends; nothing is heard of them', async () => {
    const { call, outcomes, time } = open((_, { sleep }) => sleep(10))
    await settle()
    call.close(new Error('over'))
    await settle()
    expect([outcomes, time.runNext()]).toEqual([[], false])
  })

  it('sleep by the engine’s clock, and no longer once aborted', async () => {
    const { outcomes, run, time } = open(async (_, { sleep }) => {
      await sleep(20)
      return 'rested'
    })
    await run()
    expect([outcomes, time.monotonicMs()]).toEqual([[{ kind: 'done', result: 'rested' }], 20])
    const tired = open((_, { sleep }) => sleep(1000), { timeoutMs: 5 })
    await tired.run()
    expect(tired.outcomes).toMatchObject([{ kind: 'failed', error: { code: 'ASYNC_TIMEOUT' } }])
  })
})

describe('the options of mapAsync', () => {
  it.each([
    [{ inFlightMax: 0 }, 'inFlightMax'],
    [{ inFlightMax: 1e9 }, 'inFlightMax'],
    [{ timeoutMs: 0.5 }, 'timeoutMs'],
    [{ timeoutMs: Infinity }, 'timeoutMs'],
    [{ ordered: 'no' as never }, 'ordered'],
    [{ retry: { attemptsMax: 0 } }, 'retry.attemptsMax'],
    [{ retry: { attemptsMax: 2, delayMs: -1 } }, 'retry.delayMs'],
    [{ retry: { attemptsMax: 2, delayMs: 100, delayMsMax: 10 } }, 'retry.delayMsMax'],
  ])('%j are refused, with the reason', (options, named) => {
    expect(() => resolveAsync('look-up', options)).toThrowError(
      expect.objectContaining({
        code: 'OPTION_ILLEGAL',
        message: expect.stringContaining(`${named} of 'look-up'`),
      }),
    )
  })
})
