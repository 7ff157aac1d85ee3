/**
 * What is committed against a batch computation of the same bank. Shares no code with the flow or the engine.
 *
 * The order in which an account's legs are booked is free between sources and splits, so entries are not compared as
 * rows: every leg must be booked once, to its account and with its amount; an account's entries must be numbered
 * 1, 2, 3 … with a balance that is the sum so far; and legs of one split must come in its order. Branch totals do
 * not depend on any order and are compared row by row.
 */
import { join } from 'node:path'
import { compareRows, type Difference } from '../harness/compare.ts'
import { readJsonlFolder } from '../harness/jsonl.ts'

export interface Judged {
  readonly lost: number
  readonly duplicated: number
  readonly mismatched: number
  /** The first few, for people. */
  readonly differences: readonly string[]
}

interface EntryRow {
  readonly of: string
  readonly account: string
  readonly amount: number
  readonly entry: number
  readonly balance: number
}

interface WantedLeg {
  readonly of: string
  readonly account: string
  readonly amount: number
}

/** Every leg that must be booked. */
export function wantedLegs(deposits: number, transfers: number): WantedLeg[] {
  const legs: WantedLeg[] = []
  for (let id = 0; id < deposits; id += 1) {
    legs.push({ of: `d${id}`, account: `a${(id * 7919) % 400}`, amount: ((id * 31) % 201) + 1 })
  }
  for (let id = 0; id < transfers; id += 1) {
    const amount = ((id * 17) % 97) + 1
    legs.push({ of: `t${id}-`, account: `a${(id * 104_729) % 400}`, amount: -amount })
    legs.push({ of: `t${id}+`, account: `a${(id * 1_299_709 + 1) % 400}`, amount })
  }
  return legs
}

/** The whole output, after the end. */
export async function judge(out: string, deposits: number, transfers: number): Promise<Judged> {
  const wanted = wantedLegs(deposits, transfers)
  const entries = await readJsonlFolder<EntryRow>(join(out, 'entries'))
  const booked = compareRows(
    wanted,
    entries.map(({ of, account, amount }) => ({ of, account, amount })),
    ({ of }) => of,
  )
  const branches = compareRows(
    wantedBranches(wanted),
    await readJsonlFolder<Record<string, unknown>>(join(out, 'branches')),
    ({ branch }) => String(branch),
  )
  const inconsistent = inconsistencies(entries)
  return {
    lost: booked.lost + branches.lost,
    duplicated: booked.duplicated + branches.duplicated,
    mismatched: booked.mismatched + branches.mismatched + inconsistent.length,
    differences: [
      ...booked.differences.map(describe),
      ...branches.differences.map(describe),
      ...inconsistent.slice(0, 10),
    ],
  }
}

/** What a reader sees before the end: legs that are there twice, or that nobody wants. */
export async function judgeVisible(
  out: string,
  wanted: ReadonlyMap<string, WantedLeg>,
): Promise<readonly string[]> {
  const seen = new Set<string>()
  const wrong: string[] = []
  for (const { of } of await readJsonlFolder<EntryRow>(join(out, 'entries'))) {
    if (seen.has(of)) wrong.push(`${of} is visible twice`)
    if (!wanted.has(of)) wrong.push(`${of} is visible and was never wanted`)
    seen.add(of)
  }
  return wrong
}

function wantedBranches(legs: readonly WantedLeg[]): Record<string, unknown>[] {
  const totals = new Map<number, { entries: number; sum: number }>()
  for (const { account, amount } of legs) {
    const branch = Number(account.slice(1)) % 16
    const { entries, sum } = totals.get(branch) ?? { entries: 0, sum: 0 }
    totals.set(branch, { entries: entries + 1, sum: sum + amount })
  }
  return [...totals].map(([branch, { entries, sum }]) => ({ branch, entries, sum }))
}

/** Exported for its own test: a judge that finds nothing must be able to find something. */
export function inconsistencies(entries: readonly EntryRow[]): string[] {
  const wrong: string[] = []
  const byAccount = new Map<string, EntryRow[]>()
  for (const row of entries) {
    const rows = byAccount.get(row.account)
    if (rows) rows.push(row)
    else byAccount.set(row.account, [row])
  }
  for (const [account, rows] of byAccount) {
    rows.sort((a, b) => a.entry - b.entry)
    const newest = new Map<string, number>()
    let balance = 0
    for (const [index, row] of rows.entries()) {
      balance += row.amount
      if (row.entry !== index + 1) wrong.push(`${account}: entry ${row.entry} where ${index + 1} must be`)
      if (row.balance !== balance) wrong.push(`${account}: balance ${row.balance} where ${balance} must be`)
      const { split, number } = placeOf(row.of)
      if (number <= (newest.get(split) ?? -1)) wrong.push(`${account}: ${row.of} out of its split's order`)
      newest.set(split, number)
    }
  }
  return wrong
}

/** `d17` is deposit 17, of the 3 splits of deposits the one with 17 mod 3; a transfer's two legs go `-`, `+`. */
function placeOf(of: string): { split: string; number: number } {
  const id = Number(/\d+/.exec(of)?.[0])
  if (of.startsWith('d')) return { split: `d${id % 3}`, number: id }
  return { split: `t${id % 2}`, number: 2 * id + (of.endsWith('+') ? 1 : 0) }
}

const describe = ({ kind, key, expected, found }: Difference<unknown>): string =>
  `${kind} ${key}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`
