import { describe, expect, it } from 'vitest'
import { stepName } from '../core/ids.ts'
import { virtualTime } from '../core/simulated/time.ts'
import { Openings } from './openings.ts'
import type { SourceDefinition } from './source.ts'

const step = stepName('s')
const never = new Promise<never>(() => undefined)
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function open() {
  const time = virtualTime()
  return { time, openings: new Openings(time, 1_000) }
}

async function pass(time: ReturnType<typeof virtualTime>): Promise<void> {
  while (time.runNext()) await turn()
}

describe('what a deployment waits for', () => {
  it('O1: has a deadline; its error names the step, what was asked and the option', async () => {
    const { time, openings } = open()
    const waiting = expect(openings.wait(step, 'open', () => never)).rejects.toMatchObject({
      code: 'OPEN_TIMEOUT',
      retry: 'retry',
      message: expect.stringMatching(/^'s' did not answer \(open\) within 1000 ms \(openMsMax\)/),
      details: { step: 's' },
    })
    await pass(time)
    await waiting
    expect(time.monotonicMs()).toBe(1_000)
  })

  it('O1: each has its own; an answer, an error and a throw leave no timer behind', async () => {
    const { time, openings } = open()
    expect(await openings.wait(step, 'open', async () => 1)).toBe(1)
    expect(await openings.wait(step, 'open', () => 2)).toBe(2)
    const failing = openings.wait(step, 'open', () => Promise.reject(new Error('refused')))
    await expect(failing).rejects.toThrow('refused')
    const throwing = openings.wait(step, 'open', () => {
      throw new Error('at once')
    })
    await expect(throwing).rejects.toThrow('at once')
    expect(time.runNext()).toBe(false)
  })

  it('O1: who was away until after the deadline, and has the answer by then, takes it', async () => {
    const { time, openings } = open()
    let answer = (_: string): void => undefined
    const waiting = openings.wait(step, 'open', () => new Promise<string>((resolve) => (answer = resolve)))
    // The timer is due, and the answer is there.
    expect(time.runNext()).toBe(true)
    answer('late')
    await turn()
    await pass(time)
    expect(await waiting).toBe('late')
  })

  it('O2: what opens too late is closed, and whatever closing does changes nothing', async () => {
    const { time, openings } = open()
    let closed = 0
    let answer = (_: unknown): void => undefined
    const source: SourceDefinition<number> = {
      kind: 'slow',
      replayable: true,
      deadLetters: false,
      splits: () => never,
      open: () => new Promise((resolve) => (answer = resolve as never)),
    }
    const bounded = openings.source(step, source)
    const context = {} as never
    const waits = [bounded.splits(context), bounded.open('a', null, context)]
    const rejected = Promise.all(waits.map((each) => expect(each).rejects.toMatchObject({ code: 'OPEN_TIMEOUT' }))) // prettier-ignore
    await pass(time)
    await rejected
    answer({
      close: () => {
        closed += 1
        throw new Error('cannot')
      },
    })
    await turn()
    expect(closed).toBe(1)
  })

  it('ends with the deployment: nothing is asked any more, and what was opened is closed all the same', async () => {
    const { time, openings } = open()
    const over = { code: 'JOB_NOT_RUNNING' }
    const waiting = expect(openings.wait(step, 'open', () => never)).rejects.toMatchObject(over)
    openings.stop()
    await waiting
    expect(time.runNext()).toBe(false)
    const asked: string[] = []
    const later = openings.wait(step, 'open', () => asked.push('open'))
    await expect(later).rejects.toMatchObject(over)
    await openings.close(step, 'close', () => {
      asked.push('close')
      return never
    })
    expect(asked).toEqual(['close'])
  })
})
