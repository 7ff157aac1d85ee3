/**
 * Transfers between accounts, in two steps with a clearing house between: what was withdrawn and is not yet deposited is
 * held there. So the sum over all three is 0 in every checkpoint, and every deposit is booked once, with its number in
 * the account.
 */
import { cell, flow, fromGenerator, operator, toJsonl } from '../../index.ts'
import { checkConservation, type Conserved } from '../harness/checkers/conservation.ts'
import { checkSequence, type Sequenced } from '../harness/checkers/sequence.ts'
import type { Play, Played, Stage } from '../harness/scenario/scenario.ts'
import { visibleRows } from '../harness/scenario/visible.ts'

interface Transfer {
  readonly id: number
  readonly from: string
  readonly to: string
  readonly amount: number
}

type Booking =
  | { readonly kind: 'booked'; readonly id: number; readonly to: string; readonly amount: number }
  | { readonly kind: 'entry'; readonly account: string; readonly n: number }
  | { readonly kind: 'balance'; readonly account: string; readonly balance: number }

export interface BankOptions {
  /** Default 240. */
  readonly transfers?: number
  /** Default 13. */
  readonly accounts?: number
  /** Text beside each account's balance: enough of it makes the state a part of its own in the store. Default 0. */
  readonly padChars?: number
  /** Real time passes after so many transfers of a split. Default 4. */
  readonly breatheEvery?: number
}

const splits = 2
const clearingHouses = 3
/** Transfers that a clearing house keeps back. */
const heldMax = 4

const transferOf = (id: number, accounts: number): Transfer => ({
  id,
  from: `a${(id * 7) % accounts}`,
  to: `a${(id * 5 + 3) % accounts}`,
  amount: 1 + ((id * 37) % 100),
})

const withdraw = operator<string, Transfer, Transfer>()({
  state: { balance: cell(() => 0) },
  onRecord(ctx, transfer) {
    ctx.state.balance.set(ctx.state.balance.get() - transfer.amount)
    ctx.emit(transfer)
  },
})

const clearing = operator<number, Transfer, Transfer>()({
  state: { held: cell<Transfer[]>(() => []) },
  onRecord(ctx, transfer) {
    const held = [...ctx.state.held.get(), transfer]
    const oldest = held.length > heldMax ? held.shift() : undefined
    ctx.state.held.set(held)
    if (oldest) ctx.emit(oldest)
  },
  onEnd(ctx) {
    for (const transfer of ctx.state.held.get()) ctx.emit(transfer)
    ctx.state.held.set([])
  },
})

const deposit = (padChars: number) =>
  operator<string, Transfer, Booking>()({
    state: { balance: cell(() => 0), entries: cell(() => 0), pad: cell(() => '') },
    onRecord(ctx, { id, to, amount }) {
      const n = ctx.state.entries.get() + 1
      ctx.state.entries.set(n)
      ctx.state.balance.set(ctx.state.balance.get() + amount)
      if (padChars > 0) ctx.state.pad.set(String(n % 10).repeat(padChars))
      ctx.emit({ kind: 'booked', id, to, amount })
      ctx.emit({ kind: 'entry', account: ctx.key, n })
    },
    onEnd(ctx) {
      ctx.emit({ kind: 'balance', account: ctx.key, balance: ctx.state.balance.get() })
    },
  })

/** Output in `booked`. */
export const bank =
  ({ transfers = 240, breatheEvery = 4, accounts = 13, padChars = 0 }: BankOptions = {}) =>
  (stage: Stage): Play => {
    const made = flow('bank')
    made
      .source(
        'transfers',
        fromGenerator<Transfer, number>({
          splits,
          async *open(position, split) {
            for (let i = position ?? 0; i * splits + split < transfers; i += 1) {
              if (i % breatheEvery === 0) await stage.breathe()
              yield { value: transferOf(i * splits + split, accounts), position: i + 1 }
            }
          },
        }),
      )
      .keyBy('by-payer', ({ from }) => from)
      .process('withdraw', withdraw)
      .keyBy('by-house', ({ id }) => id % clearingHouses)
      .process('clearing', clearing)
      .keyBy('by-payee', ({ to }) => to)
      .process('deposit', deposit(padChars))
      // A task of its own: one task behind two.
      .sink('ledger', toJsonl(`${stage.folder}/booked`), { parallelism: 1 })
    return {
      flow: made,
      records: transfers,
      expect: { booked: bookings(transfers, accounts) },
      check: async (played) => [
        ...(await checkConservation(played.store, conserved)),
        ...(await checkEntries(played, bookings(transfers, accounts))),
      ],
    }
  }

const conserved: Conserved = {
  total: 0,
  steps: {
    withdraw: ({ cells }) => cells['balance'] as number,
    clearing: ({ cells }) => sumOf(cells['held'] as Transfer[]),
    deposit: ({ cells }) => cells['balance'] as number,
  },
  onTheWay: {
    clearing: ({ amount }: Transfer) => amount,
    deposit: ({ amount }: Transfer) => amount,
  },
}

/** Each account's entries come in the order of their numbers: one task wrote them. A job that failed may owe the last. */
async function checkEntries(
  { files, stage }: Pick<Played, 'files' | 'stage'>,
  expected: readonly Booking[],
): Promise<readonly string[]> {
  const entriesOf = (rows: readonly Booking[]): readonly Sequenced[] =>
    rows.flatMap((row) => (row.kind === 'entry' ? [{ key: row.account, number: row.n }] : []))
  const last = new Map(entriesOf(expected).map(({ key, number }) => [key, number]))
  const rows = (await visibleRows(files, `${stage.folder}/booked`)) as readonly Booking[]
  const { duplicated, phantom, outOfOrder } = checkSequence(entriesOf(rows), last)
  if (duplicated + phantom + outOfOrder === 0) return []
  return [`sequence: ${duplicated} entries doubled, ${phantom} of nowhere, ${outOfOrder} out of order`]
}

const sumOf = (held: readonly Transfer[]): number => held.reduce((sum, { amount }) => sum + amount, 0)

/** By a plain loop. */
function bookings(transfers: number, accounts: number): readonly Booking[] {
  const rows: Booking[] = []
  const entries = new Map<string, { count: number; balance: number }>()
  for (let id = 0; id < transfers; id += 1) {
    const { to, amount } = transferOf(id, accounts)
    const account = entries.get(to) ?? { count: 0, balance: 0 }
    account.count += 1
    account.balance += amount
    entries.set(to, account)
    rows.push({ kind: 'booked', id, to, amount }, { kind: 'entry', account: to, n: account.count })
  }
  for (const [account, { balance }] of entries) rows.push({ kind: 'balance', account, balance })
  return rows
}
