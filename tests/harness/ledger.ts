/** One job of fixtures/ledger.ts: its folders, its commands, and an oracle that shares no code with the engine. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { readJsonlFolder } from '../../scenarios/harness/jsonl.ts'
import { start, type StartedProcess } from './started-process.ts'

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
/** Lets node load a fixture in TypeScript. */
export const register = fromRoot('dist/actors/system/typescript/register.js')
export const fixture = (name: string): string => fromRoot(`tests/fixtures/${name}`)

/** The command, as built. */
export const millrace = (args: readonly string[], env: NodeJS.ProcessEnv = {}): StartedProcess =>
  start(process.execPath, [fromRoot('dist/cli/main.js'), ...args], { env })

interface Entry {
  readonly kind: 'entry'
  readonly id: number
  readonly account: string
  readonly entry: number
}
interface Total {
  readonly kind: 'total'
  readonly account: string
  readonly entries: number
  readonly balance: number
}

/** A folder that is removed when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

export class Ledger {
  readonly folder = temporaryFolder()
  readonly store = join(this.folder, 'store')
  readonly out = join(this.folder, 'out')
  readonly env: NodeJS.ProcessEnv
  private readonly gate = join(this.folder, 'gate')
  private readonly deposits: number

  constructor({ deposits = 20_000 } = {}) {
    this.deposits = deposits
    this.env = { OUT: this.out, GATE: this.gate, DEPOSITS: String(deposits), TMPDIR: this.folder }
  }

  /** `millrace run` with 2 workers and a checkpoint every 200 ms, unless the options say otherwise. */
  run({ nats = 'embedded', every = 200, args = [] as string[], env = {} } = {}): StartedProcess {
    const options = ['--workers', '2', '--nats', nats, '--checkpoints', this.store, '--every', String(every)]
    return millrace(['run', fixture('ledger.ts'), ...options, '--json', ...args], { ...this.env, ...env })
  }

  /** A script that calls `run` itself; `through` is a command that runs the command that follows it. */
  script(name: string, env: NodeJS.ProcessEnv = {}, through: readonly string[] = []): StartedProcess {
    const [command = '', ...args] = [...through, process.execPath, '--import', register, fixture(name)]
    return start(command, args, { env: { ...this.env, STORE: this.store, ...env } })
  }

  /** Until then a run does not end. */
  openGate(): void {
    writeFileSync(this.gate, '')
  }

  /** Every deposit booked once, numbered without a gap in its account, and every total right. */
  async expectExact(out = this.out): Promise<void> {
    const rows = await readJsonlFolder<Entry | Total>(out)
    const entries = rows.filter((row): row is Entry => row.kind === 'entry')
    const totals = rows.filter((row): row is Total => row.kind === 'total')
    const wanted = this.computeAccounts()
    expect(
      differences(
        Array.from({ length: this.deposits }, (_, id) => id).map(String),
        entries.map(({ id }) => String(id)),
      ),
    ).toEqual(exact)
    const numbers = [...wanted].flatMap(([account, { ids }]) => ids.map((_, n) => `${account} ${n + 1}`))
    expect(
      differences(
        numbers,
        entries.map(({ account, entry }) => `${account} ${entry}`),
      ),
    ).toEqual(exact)
    for (const { id, account } of entries) expect(account).toBe(accountOf(id))
    const lines = [...wanted].map(([account, { ids, balance }]) => `${account} ${ids.length} ${balance}`)
    expect(
      differences(
        lines,
        totals.map(({ account, entries, balance }) => `${account} ${entries} ${balance}`),
      ),
    ).toEqual(exact)
  }

  /** Nothing staged is left. (A job that was superseded may leave some behind: it must not judge what is needed.) */
  expectNothingStaged(): void {
    expect(readdirSync(this.out).filter((name) => name.startsWith('.staged'))).toEqual([])
  }

  /** What is visible before the end: nothing twice. */
  async expectNothingTwice(): Promise<void> {
    const rows = await readJsonlFolder<Entry | Total>(this.out)
    const ids = rows.flatMap((row) => (row.kind === 'entry' ? [row.id] : []))
    expect(ids.length - new Set(ids).size).toBe(0)
  }

  private computeAccounts(): Map<string, { ids: number[]; balance: number }> {
    const accounts = new Map<string, { ids: number[]; balance: number }>()
    for (let id = 0; id < this.deposits; id += 1) {
      const account = accounts.get(accountOf(id)) ?? { ids: [], balance: 0 }
      account.ids.push(id)
      account.balance += ((id * 31) % 201) - 100
      accounts.set(accountOf(id), account)
    }
    return accounts
  }
}

const accountOf = (id: number): string => `a${(id * 7919) % 500}`

const exact = { lost: [], doubled: [], unknown: [] }

/** The first few of each kind. */
function differences(wanted: readonly string[], found: readonly string[]): typeof exact {
  const counts = new Map(wanted.map((key) => [key, 0]))
  const unknown: string[] = []
  for (const key of found) {
    const count = counts.get(key)
    if (count === undefined) unknown.push(key)
    else counts.set(key, count + 1)
  }
  const those = (holds: (count: number) => boolean): string[] =>
    [...counts].flatMap(([key, count]) => (holds(count) ? [key] : [])).slice(0, 5)
  return {
    lost: those((count) => count === 0),
    doubled: those((count) => count > 1),
    unknown: unknown.slice(0, 5),
  } as typeof exact
}
