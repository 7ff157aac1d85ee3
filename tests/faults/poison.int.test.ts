/** P1: steps that throw, in whole jobs; and flows and options that cannot work. */
import { describe, expect, it } from 'vitest'
import { simulatedFiles } from '../../core/simulated/files.ts'
import {
  cell,
  collect,
  fileStore,
  flow,
  fromArray,
  fromGenerator,
  listCell,
  operator,
  run,
  toFunction,
  toJsonl,
  type DeadLetter,
  type ErrorPolicy,
  type Flow,
  type OperatorStream,
  type ProcessOperator,
  type RunOptions,
  type SourceStream,
} from '../../index.ts'
import {
  CrashingFailpoints,
  eventsOf,
  quickRestarts,
  runToEnd,
  sorted,
  visibleRows,
  type CrashPoint,
  type Item,
} from './support.ts'

const count = 2_000
const keys = 7
const source = fromGenerator<Item>({ count, splits: 2, at: (id) => ({ id, key: `k${id % keys}` }) })
const isPoison = (id: number): boolean => id % 211 === 50
const poison = Array.from({ length: count }, (_, id) => id).filter(isPoison)

interface Job {
  readonly built: Flow
  readonly options?: RunOptions
  readonly point?: CrashPoint
}

async function runJob({ built, options, point }: Job) {
  const disk = simulatedFiles()
  const ran = await runToEnd(built, {
    restart: quickRestarts,
    checkpoints: { everyMs: 1, store: fileStore('/store') },
    ...options,
    ports: { files: disk, failpoints: new CrashingFailpoints(point) },
  })
  return { disk, ran }
}

const boom = (id: number): never => {
  throw new RangeError(`cannot take ${id}`)
}

/** Every kind of step that calls the user's code on a record; each throws on the same record. */
const steps: readonly {
  readonly step: string
  readonly code: string
  readonly build: (onError: ErrorPolicy, throws: (id: number) => boolean) => Flow
}[] = [
  {
    step: 'map',
    code: 'OPERATOR_THREW',
    build: (onError, throws) =>
      ending(onError, (read) =>
        read.map('step', (item) => (throws(item.id) ? boom(item.id) : item), { onError }),
      ),
  },
  {
    step: 'filter',
    code: 'OPERATOR_THREW',
    build: (onError, throws) =>
      ending(onError, (read) =>
        read.filter('step', (item) => (throws(item.id) ? boom(item.id) : true), { onError }),
      ),
  },
  {
    step: 'flatMap, after its first result',
    code: 'OPERATOR_THREW',
    build: (onError, throws) =>
      ending(onError, (read) =>
        read.flatMap(
          'step',
          function* (item) {
            yield item
            if (throws(item.id)) boom(item.id)
          },
          { onError },
        ),
      ),
  },
  {
    step: 'process, after it changed state and emitted',
    code: 'OPERATOR_THREW',
    build: (onError, throws) =>
      ending(onError, (read) =>
        read.keyBy('by-key', ({ key }) => key).process('step', processed(throws, onError), { onError }),
      ),
  },
  {
    step: 'the key of process',
    code: 'KEY_SELECTOR_THREW',
    build: (onError, throws) =>
      ending(onError, (read) =>
        read
          .keyBy('by-key', ({ id, key }) => (throws(id) ? boom(id) : key))
          .process(
            'step',
            processed(() => false, onError),
            { onError, parallelism: 1 },
          ),
      ),
  },
]

function ending(onError: ErrorPolicy, build: (read: SourceStream<Item>) => OperatorStream<Item>): Flow {
  const built = flow('poison')
  const step = build(built.source('read', source))
  step.sink('out', toJsonl<Item>('/out'))
  if (onError === 'dead-letter') step.deadLetters.sink('dead', toJsonl<DeadLetter>('/dead'))
  return built
}

/** Emits the record itself; its state shows what an undone record would leave behind. */
function processed(
  throws: (id: number) => boolean,
  onError: ErrorPolicy,
): ProcessOperator<string, Item, Item> {
  let thrown: number | undefined
  return operator<string, Item, Item>()({
    state: { count: cell(() => 0), ids: listCell<number>() },
    onRecord(ctx, item) {
      const ids = ctx.state.ids.values()
      if (thrown !== undefined && ids.includes(thrown)) throw new Error(`${thrown} left a trace`)
      if (ctx.state.count.get() !== ids.length) throw new Error('one cell was undone, the other not')
      ctx.state.count.set(ctx.state.count.get() + 1)
      ctx.state.ids.append(item.id)
      ctx.emit(item)
      if (!throws(item.id)) return
      if (onError !== 'fail') thrown = item.id
      boom(item.id)
    },
  })
}

const good = Array.from({ length: count }, (_, id) => ({ id, key: `k${id % keys}` })).filter(
  ({ id }) => !isPoison(id),
)

const crashes = [undefined, { name: 'task.captured' }, { name: 'task.uploaded', nth: 3 }] satisfies (
  CrashPoint | undefined
)[]
const shapes: readonly RunOptions[] = [{}, { parallelism: 3 }, { fuse: false }]

describe.each(steps)('a throw in $step', ({ build, code }) => {
  it.each(shapes)(
    'fail (%j): once more, then given up; step, record and position are named',
    async (options) => {
      const only = poison[3] ?? 0
      const { ran } = await runJob({ built: build('fail', (id) => id === only), options })
      expect(ran.error).toMatchObject({ code, retry: 'record' })
      expect(ran.error?.details.step).toMatch(/^(step|by-key)$/)
      expect(ran.error?.message).toContain(`cannot take ${only}`)
      expect(ran.error?.message).toContain('the same record fails at the same step after a restart')
      expect(ran.error?.message).toMatch(/task \S+\[\d\], (split '\d', position|record \d+ of a batch from)/)
      expect(eventsOf(ran, 'job.restarting')).toMatchObject([{ code }])
      expect(eventsOf(ran, 'task.failed').length).toBeGreaterThanOrEqual(2)
      expect(eventsOf(ran, 'task.failed')[0]).toMatchObject({ code })
    },
  )

  it('fail, and it works when tried again: exact', async () => {
    let left = 2
    const throws = (id: number): boolean => isPoison(id) && (left -= 1) >= 0 && id !== poison[0]
    const { disk, ran } = await runJob({ built: build('fail', throws) })
    expect(ran.error).toBeUndefined()
    const all = Array.from({ length: count }, (_, id) => ({ id, key: `k${id % keys}` }))
    expect(await visibleRows(disk)).toEqual(sorted(all))
  })

  it.each(crashes)('skip: exactly these records are left out, without a trace (crash: %j)', async (point) => {
    for (const options of shapes) {
      const { disk, ran } = await runJob({ built: build('skip', isPoison), options, ...(point && { point }) })
      expect(ran.error).toBeUndefined()
      expect(await visibleRows(disk)).toEqual(sorted(good))
    }
  })

  it.each(crashes)('dead letters: exactly these records (crash: %j)', async (point) => {
    for (const options of shapes) {
      const { disk, ran } = await runJob({
        built: build('dead-letter', isPoison),
        options,
        ...(point && { point }),
      })
      expect(ran.error).toBeUndefined()
      expect(await visibleRows(disk)).toEqual(sorted(good))
      const letters = (await visibleRows(disk, '/dead')).map((line) => JSON.parse(line) as DeadLetter)
      const ids = letters.map(({ raw }) => (JSON.parse(raw) as Item).id).sort((a, b) => a - b)
      expect(ids).toEqual(poison)
      expect(letters[0]).toMatchObject({ step: 'step' })
    }
  })
})

describe('a sink that cannot take a record', () => {
  it('toJsonl of what JSON cannot say: the job fails, naming the sink and the place in the record', async () => {
    const built = flow('nan')
    built.source('read', fromArray([{ a: 1 }, { a: NaN }])).sink('out', toJsonl('/out'))
    const { ran } = await runJob({ built })
    expect(ran.error).toMatchObject({ code: 'JSON_UNSUPPORTED', retry: 'record', details: { step: 'out' } })
    expect(ran.error?.message).toMatch(/found NaN at the record\.a/)
  })
})

describe('a sink whose medium fails, while its task works on the same record each time', () => {
  it('is tried again: that record is no poison', async () => {
    let left = 4
    const got: number[] = []
    const items = Array.from({ length: 10 }, (_, n) => n)
    const built = flow('medium')
    built.source('read', fromArray(items)).sink(
      'out',
      // Full after a few records: it has the same ones each time.
      toFunction(
        async (records) => {
          left -= 1
          if (left >= 0) throw new Error('nobody there')
          got.push(...records)
        },
        { batchMax: 1 },
      ),
    )
    const { ran } = await runJob({ built })
    expect(ran.error).toBeUndefined()
    expect(eventsOf(ran, 'job.restarting')).toHaveLength(4)
    expect(eventsOf(ran, 'job.restarting')[3]).toMatchObject({ code: 'FUNCTION_FAILED' })
    expect(got).toEqual(items)
  })
})

describe('a step whose result is a promise', () => {
  it('is refused where its records are kept or sent', async () => {
    const built = flow('async')
    built
      .source('read', fromArray([1, 2]))
      .map('wait', async (n) => n)
      .sink('out', collect())
    const { ran } = await runJob({ built })
    expect(ran.error).toMatchObject({ code: 'VALUE_UNSUPPORTED', retry: 'record', details: { step: 'out' } })
    expect(ran.error?.message).toMatch(/'out' failed on .* found an instance of Promise/)
  })
})

describe('names that are illegal', () => {
  const names = [
    '',
    ' ',
    'a b',
    '../up',
    '/abs',
    'a.b',
    'a*',
    'ü',
    '1st',
    '-x',
    '\0',
    'x'.repeat(65),
    'a/b',
    'a>b',
  ]
  it.each(names)('%j: refused for a flow and for a step, with what is legal', (name) => {
    expect(() => flow(name)).toThrow(expect.objectContaining({ code: 'NAME_ILLEGAL' }))
    const built = flow('names')
    expect(() => built.source(name, source)).toThrow(/must be 1 to 64 characters of A-Z a-z 0-9 _ -/)
    const read = built.source('read', source)
    expect(() => read.map(name, (item) => item)).toThrow(expect.objectContaining({ code: 'NAME_ILLEGAL' }))
    expect(() => read.sink(name, collect())).toThrow(expect.objectContaining({ code: 'NAME_ILLEGAL' }))
  })

  it.each(['constructor', 'hasOwnProperty', 'toString'])('%j is a name like any other', async (name) => {
    const out = collect<number>()
    const built = flow(name)
    built
      .source('read', fromArray([1, 2, 3]))
      .keyBy('by', (n) => n)
      .reduce(name, (a, b) => a + b)
      .sink('out', out)
    const { ran } = await runJob({ built })
    expect(ran.error).toBeUndefined()
    expect([...out.values].sort()).toEqual([1, 2, 3])
  })
})

describe('options that are unknown or illegal', () => {
  const hello = (): Flow => {
    const built = flow('hello')
    built.source('read', fromArray([1])).sink('out', collect())
    return built
  }
  it.each([
    [{ paralelism: 2 }, 'OPTION_UNKNOWN', /'paralelism' is not an option of run; known are parallelism/],
    [{ checkpoints: { every: 1 } }, 'OPTION_UNKNOWN', /'every' is not an option of checkpoints/],
    [
      { checkpoints: { restore: { older: 1 } } },
      'OPTION_UNKNOWN',
      /'older' is not an option of checkpoints.restore/,
    ],
    [{ restart: { max: 1 } }, 'OPTION_UNKNOWN', /'max' is not an option of restart/],
    [{ parallelism: 0 }, 'OPTION_ILLEGAL', /parallelism must be a whole number from 1 to 1024, got 0/],
    [{ parallelism: 1.5 }, 'OPTION_ILLEGAL', /got 1.5/],
    [{ workers: -1 }, 'OPTION_ILLEGAL', /workers must be a whole number from 0 to 256, got -1/],
    [{ keyGroups: 40_000 }, 'OPTION_ILLEGAL', /keyGroups must be .* 32768, got 40000/],
    [
      { checkpoints: { everyMs: 0 } },
      'CHECKPOINT_OPTIONS',
      /checkpoints.everyMs must be a whole number ≥ 1, got 0/,
    ],
    [{ checkpoints: { keep: 0 } }, 'CHECKPOINT_OPTIONS', /checkpoints.keep/],
    [
      { restart: { strategy: 'never' } },
      'OPTION_ILLEGAL',
      /restart.strategy must be 'exponential', got "never"/,
    ],
    [{ nats: 'localhost:4222', workers: 1 }, 'OPTION_ILLEGAL', /nats must be 'embedded' or a URL such as/],
    [{ nats: 'nats://localhost:4222' }, 'OPTION_ILLEGAL', /Set workers to 1 or more/],
    [{ fuse: 'no' }, 'OPTION_ILLEGAL', /fuse must be true or false, got "no"/],
    [{ debug: 1 }, 'OPTION_ILLEGAL', /debug must be true or false, got 1/],
    [{ checkpoints: 5 }, 'OPTION_ILLEGAL', /checkpoints must be an object, got 5/],
    [{ checkpoints: { store: '.millrace' } }, 'OPTION_ILLEGAL', /checkpoints.store must be .*fileStore/],
    [null, 'OPTION_ILLEGAL', /options of run must be an object, got null/],
  ])('%j: %s', async (options, code, message) => {
    await expect(run(hello(), options as unknown as RunOptions)).rejects.toMatchObject({
      code,
      retry: 'fatal',
      message: expect.stringMatching(message),
    })
  })
})
