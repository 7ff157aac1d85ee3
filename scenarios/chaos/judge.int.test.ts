import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { inconsistencies, judge, judgeVisible, wantedLegs } from './judge.ts'

interface Row {
  of: string
  account: string
  amount: number
  entry: number
  balance: number
}

const deposits = 30
const transfers = 20

/** What a run without failures commits, changed by `change`. */
async function written(change: (rows: Row[], branches: object[]) => void): Promise<string> {
  const accounts = new Map<string, { entry: number; balance: number }>()
  const totals = new Map<number, { entries: number; sum: number }>()
  const rows = wantedLegs(deposits, transfers).map((leg): Row => {
    const before = accounts.get(leg.account) ?? { entry: 0, balance: 0 }
    const now = { entry: before.entry + 1, balance: before.balance + leg.amount }
    accounts.set(leg.account, now)
    const branch = Number(leg.account.slice(1)) % 16
    const total = totals.get(branch) ?? { entries: 0, sum: 0 }
    totals.set(branch, { entries: total.entries + 1, sum: total.sum + leg.amount })
    return { ...leg, ...now }
  })
  const branches = [...totals].map(([branch, total]) => ({ branch, ...total }))
  change(rows, branches)
  const out = await mkdtemp(join(tmpdir(), 'millrace-judge-'))
  onTestFinished(() => rm(out, { recursive: true, force: true }))
  for (const [name, content] of [
    ['entries', rows],
    ['branches', branches],
  ] as const) {
    await mkdir(join(out, name))
    const lines = content.map((row) => `${JSON.stringify(row)}\n`).join('')
    await writeFile(join(out, name, 'part-0-1.jsonl'), lines)
  }
  return out
}

const judged = async (change: (rows: Row[], branches: object[]) => void) => {
  const { lost, duplicated, mismatched } = await judge(await written(change), deposits, transfers)
  return { lost, duplicated, mismatched }
}

describe('judge', () => {
  it('finds nothing in what is right', async () => {
    expect(await judged(() => undefined)).toEqual({ lost: 0, duplicated: 0, mismatched: 0 })
  })

  it('a lost leg is lost, and leaves a gap in its account', async () => {
    expect(await judged((rows) => rows.shift())).toMatchObject({ lost: 1, duplicated: 0 })
  })

  it('a leg that is there twice is duplicated, and breaks the numbers of its account', async () => {
    const found = await judged((rows) => rows.push(rows[3]!))
    expect(found).toMatchObject({ lost: 0, duplicated: 1 })
    expect(found.mismatched).toBeGreaterThan(0)
  })

  it('another amount, balance, number or branch total is mismatched', async () => {
    for (const change of [
      (rows: Row[]) => (rows[3]!.amount += 1),
      (rows: Row[]) => (rows[3]!.balance += 1),
      (rows: Row[]) => (rows[3]!.entry += 1),
      (_: Row[], branches: object[]) => Object.assign(branches[0]!, { sum: -1 }),
    ]) {
      const { lost, mismatched } = await judged((rows, branches) => void change(rows, branches))
      expect({ lost, wrong: mismatched > 0 }).toEqual({ lost: 0, wrong: true })
    }
  })

  it("legs of one split in another than the split's order are mismatched", () => {
    // Deposits 0, 400 × 3 … of one account are of one split: booked in reverse, with numbers and balances that fit.
    const rows = [1_200, 0].map((id, index) => ({
      of: `d${id}`,
      account: 'a0',
      amount: 1,
      entry: index + 1,
      balance: index + 1,
    }))
    expect(inconsistencies(rows)).toEqual(["a0: d0 out of its split's order"])
    expect(inconsistencies(rows.map((row, index) => ({ ...row, of: `d${index * 1_200}` })))).toEqual([])
  })

  it('before the end only what is twice or unknown is wrong', async () => {
    const wanted = new Map(wantedLegs(deposits, transfers).map((leg) => [leg.of, leg]))
    const some = await written((rows) => rows.splice(0, 40))
    expect(await judgeVisible(some, wanted)).toEqual([])
    const twice = await written((rows) => rows.push(rows[0]!, { ...rows[1]!, of: 'd999' }))
    expect(await judgeVisible(twice, wanted)).toEqual([
      'd0 is visible twice',
      'd999 is visible and was never wanted',
    ])
  })
})
