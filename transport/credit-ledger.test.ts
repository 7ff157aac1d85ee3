import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CreditLedger } from './credit-ledger.ts'

const limits = { reserveBytes: 10, windowBytesMax: 40, budgetBytes: 100 }

describe('CreditLedger', () => {
  it('B2: a reserve beyond the budget is refused with LINK_BUDGET', () => {
    const ledger = new CreditLedger(limits)
    for (let i = 0; i < 10; i += 1) expect(ledger.open()).toBe(10)
    expect(() => ledger.open()).toThrow(expect.objectContaining({ code: 'LINK_BUDGET', retry: 'fatal' }))
    ledger.close(10)
    expect(ledger.open()).toBe(10)
  })

  it('B3: a reader that keeps up grows to the maximum, one that lags shrinks to its reserve', () => {
    const ledger = new CreditLedger(limits)
    let window = ledger.open()
    for (let i = 0; i < 5; i += 1) window = ledger.resize(window, 0)
    expect(window).toBe(40)
    expect(ledger.grantedBytes).toBe(40)
    for (let i = 0; i < 5; i += 1) window = ledger.resize(window, window)
    expect(window).toBe(10)
    expect(ledger.grantedBytes).toBe(10)
  })

  it('B1: a link that opens late has its reserve at once; borrowers give back', () => {
    const ledger = new CreditLedger(limits)
    const windows = [ledger.open(), ledger.open(), ledger.open()].map((window) => ledger.resize(window, 0))
    let borrower = ledger.resize(windows[0]!, 0)
    expect(ledger.grantedBytes).toBe(80)
    for (let i = 0; i < 3; i += 1) ledger.open()
    expect(ledger.grantedBytes).toBe(110)
    borrower = ledger.resize(borrower, 0)
    expect(borrower).toBe(10)
    expect(ledger.grantedBytes).toBeLessThanOrEqual(100)
  })

  it('B4: what precedes a barrier that overtakes is lent where the budget has it, a reserve beyond the largest', () => {
    const ledger = new CreditLedger({ reserveBytes: 10, windowBytesMax: 40, budgetBytes: 100 })
    const first = ledger.open()
    const second = ledger.open()
    expect(ledger.stretch(first, 5)).toBe(10)
    expect(ledger.stretch(first, 51)).toBe(10)
    const stretched = ledger.stretch(first, 50)
    expect([stretched, ledger.grantedBytes]).toEqual([50, 60])
    expect(ledger.stretch(second, 50)).toBe(50)
    expect(ledger.stretch(ledger.open(), 11)).toBe(10)
    ledger.close(stretched)
    expect(ledger.grantedBytes).toBe(60)
  })

  it('B2, B3: the sum of windows stays within the budget, whatever the order of events', () => {
    const facts = fc.array(fc.record({ link: fc.nat(7), queued: fc.nat(40), close: fc.boolean() }))
    fc.assert(
      fc.property(facts, (events) => {
        const ledger = new CreditLedger({ ...limits, budgetBytes: 8 * limits.windowBytesMax })
        const windows = new Map<number, number>()
        for (const { link, queued, close } of events) {
          const window = windows.get(link)
          if (window === undefined) {
            windows.set(link, ledger.open())
          } else if (close) {
            ledger.close(window)
            windows.delete(link)
          } else {
            windows.set(link, ledger.resize(window, queued))
          }
          const sum = [...windows.values()].reduce((a, b) => a + b, 0)
          expect(ledger.grantedBytes).toBe(sum)
          expect(sum).toBeLessThanOrEqual(8 * limits.windowBytesMax)
        }
      }),
    )
  })
})
