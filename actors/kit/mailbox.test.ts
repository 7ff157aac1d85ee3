import { describe, expect, it } from 'vitest'
import { Mailbox } from './mailbox.ts'

describe('a mailbox', () => {
  it('gives items in order, whether they or the reader came first', async () => {
    const box = new Mailbox<number>()
    const first = box.take()
    box.post(1)
    box.post(2)
    box.post(3)
    expect([await first, await box.take()]).toEqual([1, 2])
    expect(box.drain()).toEqual([3])
    const next = box.take()
    box.post(4)
    expect([await next, box.drain()]).toEqual([4, []])
  })
})
