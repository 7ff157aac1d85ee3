/** What the fault tests share: failpoints that crash, files that fail or die, a flow with an exact oracle. */
import { MillraceError } from '../../core/errors.ts'
import type { FailpointName, FailpointPlace, Failpoints, FileHandle, Files } from '../../core/ports/index.ts'
import {
  cell,
  flow,
  fromGenerator,
  operator,
  run,
  toJsonl,
  type Flow,
  type JobEvent,
  type JobHandle,
  type JobResult,
  type ProcessOperator,
  type SinkDefinition,
  type RunOptions,
} from '../../index.ts'

export interface CrashPoint {
  readonly name: FailpointName
  /** Of the hits that `where` accepts; default the first. */
  readonly nth?: number
  readonly where?: (place: FailpointPlace) => boolean
  /** Runs just before the throw. */
  readonly before?: () => void
}

/** Counts every hit, and throws once at the chosen one. */
export class CrashingFailpoints implements Failpoints {
  readonly hits = new Map<FailpointName, number>()
  crashes = 0
  private readonly point: CrashPoint | undefined
  private matched = 0

  constructor(point?: CrashPoint) {
    this.point = point
  }

  hit(name: FailpointName, place: FailpointPlace): void {
    this.hits.set(name, (this.hits.get(name) ?? 0) + 1)
    const { point } = this
    if (point?.name !== name || point.where?.(place) === false) return
    this.matched += 1
    if (this.matched !== (point.nth ?? 1)) return
    this.crashes += 1
    point.before?.()
    throw new MillraceError('CRASH', `a planned crash at ${name}`, { retry: 'retry' })
  }
}

export type FileOperation = keyof Files | 'read' | 'append' | 'sync' | 'close'

/** Calls `before` ahead of every operation, which may throw or wait. */
export function interceptFiles(
  files: Files,
  before: (operation: FileOperation, path: string) => void | Promise<void>,
): Files {
  const wrapHandle = (handle: FileHandle, path: string): FileHandle => ({
    async read(offset, length) {
      await before('read', path)
      return handle.read(offset, length)
    },
    async append(bytes) {
      await before('append', path)
      return handle.append(bytes)
    },
    async sync() {
      await before('sync', path)
      return handle.sync()
    },
    async close() {
      await before('close', path)
      return handle.close()
    },
  })
  return {
    async open(path, mode) {
      await before('open', path)
      return wrapHandle(await files.open(path, mode), path)
    },
    async readAll(path) {
      await before('readAll', path)
      return files.readAll(path)
    },
    async link(from, to) {
      await before('link', to)
      return files.link(from, to)
    },
    async unlink(path) {
      await before('unlink', path)
      return files.unlink(path)
    },
    async makeFolder(path) {
      await before('makeFolder', path)
      return files.makeFolder(path)
    },
    async removeFolder(path) {
      await before('removeFolder', path)
      return files.removeFolder(path)
    },
    async list(path) {
      await before('list', path)
      return files.list(path)
    },
    async stat(path) {
      await before('stat', path)
      return files.stat(path)
    },
    async syncFolder(path) {
      await before('syncFolder', path)
      return files.syncFolder(path)
    },
  }
}

/** The files of one process: once it is dead, no operation of it ever happens or answers. */
export class MortalFiles {
  readonly files: Files
  readonly died: Promise<void>
  operations = 0
  private dead = false
  private die!: () => void

  /** `dieBefore`: the number of the operation that does not happen any more. */
  constructor(disk: Files, dieBefore = Infinity) {
    this.died = new Promise((resolve) => (this.die = resolve))
    this.files = interceptFiles(disk, (): void | Promise<void> => {
      this.operations += 1
      if (this.operations >= dieBefore) this.kill()
      if (this.dead) return new Promise<never>(() => undefined)
    })
  }

  kill(): void {
    this.dead = true
    this.die()
  }
}

/** How far a source may read: each stage waits until so many checkpoints were completed. */
export class Pace {
  private completed = 0
  private free = false
  private waiting: { readonly stage: number; readonly resolve: () => void }[] = []

  until(stage: number): Promise<void> {
    if (this.free || this.completed >= stage) return Promise.resolve()
    return new Promise((resolve) => this.waiting.push({ stage, resolve }))
  }

  checkpointCompleted(): void {
    this.completed += 1
    this.wake()
  }

  /** Nothing waits any more. */
  open(): void {
    this.free = true
    this.wake()
  }

  private wake(): void {
    const due = this.waiting.filter(({ stage }) => this.free || this.completed >= stage)
    this.waiting = this.waiting.filter((each) => !due.includes(each))
    for (const { resolve } of due) resolve()
  }
}

function openPace(): Pace {
  const pace = new Pace()
  pace.open()
  return pace
}

export interface Item {
  readonly id: number
  readonly key: string
}

export type Row =
  | { readonly kind: 'seen'; readonly id: number; readonly key: string; readonly n: number }
  | { readonly kind: 'total'; readonly key: string; readonly count: number; readonly sum: number }

export interface LedgerOptions {
  readonly name?: string
  readonly out?: string
  /** Default: nothing waits. */
  readonly pace?: Pace
  /** Stages of the source, with a completed checkpoint between any two. Default 3. */
  readonly stages?: number
  readonly splits?: number
  readonly perStage?: number
  readonly keysPerSplit?: number
  /** Text beside each key's numbers: enough of it makes the state a part of its own in the store. */
  readonly padChars?: number
  /** Told how many records the ledger took, since the flow was built. */
  readonly taken?: (count: number) => void
  /** Default: JSONL in `out`. */
  readonly sink?: SinkDefinition<Row>
}

const ledgerDefaults = { stages: 3, splits: 2, perStage: 60, keysPerSplit: 5, padChars: 0 }

/** Numbers each key's records, and sums them up at the end; every row depends on all of its key's records before. */
export function ledgerFlow(options: LedgerOptions = {}): Flow {
  const { stages, splits, perStage, keysPerSplit, padChars } = { ...ledgerDefaults, ...options }
  const { pace = openPace(), name = 'ledger', out = '/out', sink = toJsonl<Row>(out), taken } = options
  let count = 0
  const ledger = flow(name)
  ledger
    .source(
      'numbers',
      fromGenerator<Item, number>({
        splits,
        async *open(position, split) {
          for (let i = position ?? 0; i < stages * perStage; i += 1) {
            if (i % perStage === 0) await pace.until(i / perStage)
            yield { value: itemOf(split, i, keysPerSplit), position: i + 1 }
          }
        },
      }),
    )
    .map('pass', (item) => {
      count += 1
      taken?.(count)
      return item
    })
    .keyBy('by-key', (item) => item.key)
    .process('ledger', ledgerOperator(padChars))
    .sink('out', sink)
  return ledger
}

const idsPerSplit = 100_000

export const itemOf = (split: number, i: number, keysPerSplit = ledgerDefaults.keysPerSplit): Item => ({
  id: split * idsPerSplit + i,
  key: `k${split}-${i % keysPerSplit}`,
})

export const ledgerOperator = (padChars = 0): ProcessOperator<string, Item, Row> =>
  operator<string, Item, Row>()({
    state: { count: cell(() => 0), sum: cell(() => 0), pad: cell<string>() },
    onRecord(ctx, item) {
      const n = ctx.state.count.get() + 1
      ctx.state.count.set(n)
      ctx.state.sum.set(ctx.state.sum.get() + item.id)
      if (padChars > 0) ctx.state.pad.set(String(n % 10).repeat(padChars))
      ctx.emit({ kind: 'seen', id: item.id, key: item.key, n })
    },
    onEnd(ctx) {
      ctx.emit({ kind: 'total', key: ctx.key, count: ctx.state.count.get(), sum: ctx.state.sum.get() })
    },
  })

/** What `ledgerFlow` must write, computed by a plain loop; sorted text. */
export function ledgerRows(options: LedgerOptions = {}): string[] {
  const { stages, splits, perStage, keysPerSplit } = { ...ledgerDefaults, ...options }
  const rows: Row[] = []
  const totals = new Map<string, { count: number; sum: number }>()
  for (let split = 0; split < splits; split += 1) {
    for (let i = 0; i < stages * perStage; i += 1) {
      const { id, key } = itemOf(split, i, keysPerSplit)
      const total = totals.get(key) ?? { count: 0, sum: 0 }
      totals.set(key, { count: total.count + 1, sum: total.sum + id })
      rows.push({ kind: 'seen', id, key, n: total.count + 1 })
    }
  }
  for (const [key, total] of totals) rows.push({ kind: 'total', key, ...total })
  return sorted(rows)
}

export const sorted = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort()

/** Every row that a reader of the folder sees now, as sorted text; throws for a file that is not whole. */
export async function visibleRows(files: Files, folder = '/out'): Promise<string[]> {
  const names = await files.list(folder).catch(() => [])
  const lines: string[] = []
  for (const name of names.filter((each) => each.startsWith('part-'))) {
    const text = Buffer.from(await files.readAll(`${folder}/${name}`)).toString('utf8')
    if (text !== '' && !text.endsWith('\n')) throw new Error(`${name} is cut off`)
    lines.push(...text.split('\n').slice(0, -1))
  }
  return lines.sort()
}

export interface Ran {
  readonly result: JobResult | undefined
  readonly error: MillraceError | undefined
  readonly events: readonly JobEvent[]
}

/** Runs to the end, whichever it is; `run` itself may reject. */
export async function runToEnd(
  built: Flow,
  options: RunOptions,
  observe: (event: JobEvent, job: JobHandle) => void = () => undefined,
): Promise<Ran> {
  let job: JobHandle
  try {
    job = await run(built, options)
  } catch (error) {
    return { result: undefined, error: error as MillraceError, events: [] }
  }
  const events: JobEvent[] = []
  const reading = (async (): Promise<void> => {
    for await (const event of job.events) {
      events.push(event)
      observe(event, job)
    }
  })()
  try {
    const result = await job.finished
    await reading
    return { result, error: undefined, events }
  } catch (error) {
    await reading
    return { result: undefined, error: error as MillraceError, events }
  }
}

/** Lets a paced source go on with every completed checkpoint. */
export const pacing =
  (pace: Pace) =>
  (event: JobEvent): void => {
    if (event.event === 'checkpoint.completed') pace.checkpointCompleted()
  }

export const eventsOf = <Name extends JobEvent['event']>(
  ran: Ran,
  name: Name,
): Extract<JobEvent, { event: Name }>[] =>
  ran.events.filter((event): event is Extract<JobEvent, { event: Name }> => event.event === name)

export const quickRestarts = { delayMs: 1, delayMsMax: 5 } as const

export interface Deferred {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

export function deferred(): Deferred {
  let resolve = (): void => undefined
  const promise = new Promise<void>((settle) => (resolve = settle))
  return { promise, resolve: () => resolve() }
}
