/**
 * The flow under fire: deposits and transfers of one bank. Each transfer becomes two legs; legs are booked to their
 * accounts one after the other, and summed up by branch. Sources trickle until the file `gate` is there, and hold
 * their last records back until then: whoever kills decides how long a round lasts.
 */
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { cell, flow, operator, toJsonl, type Chunk, type Flow, type SourceDefinition } from '../../index.ts'

export interface BankPaths {
  /** Gets `entries/` and `branches/`. */
  readonly out: string
  readonly gate: string
  readonly deposits: number
  readonly transfers: number
}

interface Deposit {
  readonly id: number
  readonly account: string
  readonly amount: number
}

interface Transfer {
  readonly id: number
  readonly from: string
  readonly to: string
  readonly amount: number
}

/** One booking to come: `of` names what it belongs to, such as `d17`, `t4+`, `t4-`. */
interface Leg {
  readonly of: string
  readonly account: string
  readonly amount: number
}

/** A booking: the `entry`-th of its account, which then holds `balance`. */
export interface Entry extends Leg {
  readonly entry: number
  readonly balance: number
}

export interface BranchTotal {
  readonly branch: number
  readonly entries: number
  readonly sum: number
}

const accounts = 400
const branches = 16
const depositSplits = 3
const transferSplits = 2
/** Records a split and `trickleMs`: about 2,500 a second in all. */
const trickle = 5
const trickleMs = 10
const chunkRecords = 500

const account = (n: number): string => `a${n % accounts}`

const book = operator<string, Leg, Entry>()({
  state: { entries: cell(() => 0), balance: cell(() => 0) },
  onRecord(ctx, leg) {
    const { state } = ctx
    const entry = state.entries.get() + 1
    const balance = state.balance.get() + leg.amount
    state.entries.set(entry)
    state.balance.set(balance)
    ctx.emit({ ...leg, entry, balance })
  },
})

const total = operator<number, Entry, BranchTotal>()({
  state: { entries: cell(() => 0), sum: cell(() => 0) },
  onRecord({ state }, { amount }) {
    state.entries.set(state.entries.get() + 1)
    state.sum.set(state.sum.get() + amount)
  },
  onEnd(ctx) {
    ctx.emit({ branch: ctx.key, entries: ctx.state.entries.get(), sum: ctx.state.sum.get() })
  },
})

export function bankFlow({ out, gate, deposits, transfers }: BankPaths): Flow {
  const bank = flow('bank')
  const paid = bank
    .source(
      'deposits',
      gated(gate, depositSplits, deposits, (id): Deposit => ({
        id,
        account: account(id * 7919),
        amount: ((id * 31) % 201) + 1,
      })),
    )
    .map('deposit-leg', ({ id, account, amount }): Leg => ({ of: `d${id}`, account, amount }))
  const moved = bank
    .source(
      'transfers',
      gated(gate, transferSplits, transfers, (id): Transfer => ({
        id,
        from: account(id * 104_729),
        to: account(id * 1_299_709 + 1),
        amount: ((id * 17) % 97) + 1,
      })),
    )
    .flatMap('legs', ({ id, from, to, amount }): Leg[] => [
      { of: `t${id}-`, account: from, amount: -amount },
      { of: `t${id}+`, account: to, amount },
    ])
  const entries = paid
    .union('all-legs', moved)
    .keyBy('by-account', (leg) => leg.account)
    .process('book', book)
  entries.sink('entries', toJsonl(`${out}/entries`))
  entries
    .keyBy('by-branch', (entry) => Number(entry.account.slice(1)) % branches)
    .process('total', total)
    .sink('branches', toJsonl(`${out}/branches`))
  return bank
}

/** Numbers `0 … count − 1`, dealt out over the splits; number `i` of split `s` is `i × splits + s`. */
function gated<T>(
  gate: string,
  splits: number,
  count: number,
  at: (number: number) => T,
): SourceDefinition<T> {
  const perSplit = count / splits
  const isOpen = (): boolean => existsSync(gate)
  const readSome = async (split: number, from: number): Promise<Chunk<T> | null> => {
    if (from >= perSplit) return null
    // The second half waits for the gate in full; the first trickles.
    for (let waited = isOpen(); !waited; waited = isOpen() || from < perSplit / 2) await sleep(trickleMs)
    const many = Math.min(isOpen() ? chunkRecords : trickle, perSplit - from)
    return {
      records: Array.from({ length: many }, (_, k) => at((from + k) * splits + split)),
      positionAfter: (index) => from + index + 1,
    }
  }
  return {
    kind: 'gated',
    replayable: true,
    deadLetters: false,
    splits: async () => Array.from({ length: splits }, (_, split) => String(split)),
    async open(split, position) {
      let next = (position as number | null) ?? 0
      return {
        async read() {
          const chunk = await readSome(Number(split), next)
          next += chunk?.records.length ?? 0
          return chunk
        },
        close: async () => undefined,
      }
    },
  }
}
