import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { Barrier, Element, Watermark } from '../../core/elements.ts'
import { decodeValue } from '../../core/codec/index.ts'
import { MillraceError } from '../../core/errors.ts'
import { checkpointId, stepName, workerId, type StepName } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import { limits } from '../../core/limits.ts'
import type { Ports } from '../../core/ports/index.ts'
import { flow, type Flow } from '../../operators/flow.ts'
import { isTimed } from '../../operators/event-time.ts'
import type { SplitRegister, TimeRegister } from '../../operators/operator.ts'
import type { SinkDefinition } from '../../operators/sink.ts'
import { fromArray } from '../../operators/sources/index.ts'
import { openGroup } from '../../operators/state/restore.ts'
import { cell, mapCell } from '../../operators/state/schema.ts'
import { operator } from '../../operators/steps/process.ts'
import type { SourceStream, Stream } from '../../operators/stream.ts'
import { channelLabel } from '../../snapshot/manifest.ts'
import { elementOf, readChannel } from '../../transport/channel-recording.ts'
import { flatten } from '../../transport/simulated/link-pair.ts'
import { planJob } from '../plan/plan.ts'
import { buildChain } from './chain.ts'
import { openGate } from './gate.ts'
import type { Head, HeadEvents, HeadTarget } from './head.ts'
import { InputHead } from './input-head.ts'
import { LinkBuffer, partitionEmit } from './output.ts'
import type { SectionDraft } from './sections.ts'
import { SinkStepRuntime } from './sink-step.ts'
import { readSplitState, SourceHead } from './source-head.ts'
import { unreadSplit, type SplitState } from './split-feed.ts'
import { Task, type StepResult } from './task.ts'
import { WatermarkFlow } from './watermark-flow.ts'
import {
  barrier,
  batch,
  end,
  FakeInput,
  FakeOutput,
  fakePorts,
  FakeWriter,
  numberSource,
  settle,
} from './testing/fakes.ts'

const nowhere = <T>(): SinkDefinition<T> => ({
  kind: 'nowhere',
  guarantee: 'exactly-once',
  open: async () => Promise.reject(new Error('a fake writer stands in')),
})

interface Given {
  /** The chain's first step. */
  readonly head: string
  readonly batchRecords?: number
  readonly ports?: Partial<Ports>
  /** Of the source, where the chain begins with one. */
  readonly state?: SplitState
  readonly restored?: readonly SectionDraft[]
  readonly upload?: (barrier: Barrier) => Promise<void>
}

/** One task of a flow, with fakes around it. */
function open(made: Flow, given: Given) {
  const ports = { ...fakePorts(), ...given.ports }
  const plan = planJob(made.graph(), { parallelism: 1, keyGroups: 8, workers: [workerId('w0')] })
  const task = plan.tasks.find(({ chain }) => chain.head === given.head)
  invariant(task !== undefined, `a chain begins with ${given.head}`)
  const gate = openGate()
  const register: TimeRegister = { recordMs: NaN }
  const splits: SplitRegister = { splits: ['0'], current: 0, visits: [0], ended: [false] }
  const log: unknown[] = []
  const uploads: { checkpoint: number; sections: readonly SectionDraft[] }[] = []
  const failures: unknown[] = []
  const outputs = task.outputs.map((link) => ({ link, fake: new FakeOutput(given.batchRecords ?? 4) }))
  const buffers = new Map(
    outputs.map(({ link, fake }) => [
      link,
      new LinkBuffer(fake, link.edge, gate, isTimed(link.edge, plan.timed) ? register : undefined),
    ]),
  )
  const writers = new Map<StepName, FakeWriter>()
  const sinks = new Map<StepName, SinkStepRuntime>()
  for (const name of task.chain.steps) {
    if (plan.graph.steps.get(name)?.kind !== 'sink') continue
    const writer = new FakeWriter()
    writers.set(name, writer)
    sinks.set(name, new SinkStepRuntime({ step: name, writer, gate, timers: ports.timers }))
  }
  const chain = buildChain({
    plan,
    task,
    sinks,
    gate,
    register,
    splits: plan.graph.steps.get(task.chain.head)?.kind === 'source' ? splits : undefined,
    ports,
    wake: () => wake(),
    leaving: (edge) =>
      partitionEmit(
        edge,
        [...buffers].filter(([link]) => link.edge === edge).map(([, buffer]) => buffer),
        plan.keyGroups,
      ),
    skipped: (step) => void log.push(`skipped by ${step}`),
  })
  for (const { name, state } of chain.operators) {
    for (const { step, scope, chunks } of given.restored ?? []) {
      if (step !== name || scope.kind !== 'group') continue
      state?.restore(openGroup(step, scope.group, Buffer.concat(chunks)))
    }
  }
  let wakes = 0
  const wake = (): void => void (wakes += 1)
  const input = task.inputs.map((_, i) => new FakeInput(i))
  const holder: { task?: Task } = {}
  const live = (): Task => {
    invariant(holder.task !== undefined, 'made')
    return holder.task
  }
  const events: HeadEvents = {
    barrier: (each, channels) => live().onBarrier(each, channels),
    aligning: () => undefined,
    watermark: (watermark) => live().onWatermark(watermark),
    ended: () => live().onEnded(),
  }
  const target: HeadTarget = { drain: chain.drain, drainSecond: chain.drainSecond, gate }
  const first = plan.graph.steps.get(task.chain.head)
  const head: Head =
    first?.kind === 'source'
      ? new SourceHead(
          {
            step: first.name,
            definition: first.definition,
            context: { step: first.name, files: ports.files, log: ports.log },
            splits: [{ split: '0', state: given.state ?? unreadSplit }],
            register: splits,
            wake,
            deadLetters: chain.deadLetters,
            beforeBarrier: () => undefined,
          },
          target,
          events,
        )
      : new InputHead(
          input,
          target,
          events,
          new Set(task.inputs.flatMap((link, i) => (link.edge.input === 1 ? [i] : []))),
        )
  const running = new Task({
    plan: task,
    chain,
    head,
    gate,
    ports,
    watermarks: new WatermarkFlow({
      nodes: chain.operators,
      targets: [...buffers].flatMap(([{ edge }, buffer]) =>
        isTimed(edge, plan.timed)
          ? [{ from: edge.from, signal: (watermark: Watermark) => buffer.signal(watermark) }]
          : [],
      ),
      register,
      ports,
      wake: () => wake(),
    }),
    outputs: [...buffers.values()],
    events: {
      wake,
      upload: async (each, sections) => {
        uploads.push({ checkpoint: each.checkpoint, sections })
        await given.upload?.(each)
      },
      declined: (checkpoint, error) => void log.push(`declined ${checkpoint}: ${String(error)}`),
      inputEnded: () => void log.push('inputEnded'),
      committed: (checkpoint) => void log.push(`committed ${checkpoint}`),
      failed: (error) => void failures.push(error),
    },
  })
  holder.task = running
  /** Steps until nothing comes any more; what the last step answered. */
  const runAll = async (budget = 100): Promise<StepResult> => {
    let answer: StepResult = 'idle'
    for (let quiet = 0; quiet < 3;) {
      answer = running.step(budget)
      quiet = answer === 'progress' ? 0 : quiet + 1
      await settle()
    }
    return answer
  }
  const start = (): void => running.lifecycle.send({ type: 'restored' })
  start()
  return {
    task: running,
    plan,
    gate,
    log,
    uploads,
    failures,
    input: (index = 0): FakeInput => input[index] ?? new FakeInput(),
    out: (index = 0): FakeOutput => outputs[index]?.fake ?? new FakeOutput(),
    writer: (name: string): FakeWriter => writers.get(stepName(name)) ?? new FakeWriter(),
    runAll,
    wakes: () => wakes,
    head,
  }
}

/** `in` is one task, what `rest` adds begins another: a union of two inputs begins a chain. */
function behindLinks(rest: (stream: Stream<number>) => void): Flow {
  const made = flow('f')
  const source = made.source('in', fromArray([0]))
  rest(source.union('u', source))
  return made
}

/** A chain whose results leave by a link. */
function withOutput(
  build: (source: SourceStream<number>) => Stream<unknown>,
  source = numberSource({ count: 10 }),
): Flow {
  const made = flow('f')
  build(made.source('in', source)).sink('out', nowhere(), { parallelism: 2 })
  return made
}

interface Count {
  n: number
}

const counting = operator<number, number, string>()({
  state: { count: cell((): Count => ({ n: 0 })) },
  onRecord(ctx) {
    const count = ctx.state.count.get()
    count.n += 1
    ctx.emit(`${ctx.key}:${count.n}`)
  },
  onEnd(ctx) {
    ctx.emit(`end ${ctx.key}:${ctx.state.count.get().n}`)
  },
})

/** What a snapshot holds of `count`: how often each key came. */
function countsIn(sections: readonly SectionDraft[]): Map<unknown, number> {
  const counts = new Map<unknown, number>()
  for (const { step, scope, chunks } of sections) {
    if (scope.kind !== 'group') continue
    for (const chunk of openGroup(step, scope.group, Buffer.concat(chunks)).chunks) {
      for (const [key, count] of chunk as [unknown, Count][]) counts.set(key, count.n)
    }
  }
  return counts
}

const splitIn = (sections: readonly SectionDraft[]): SplitState => {
  const chunk = sections.find(({ scope }) => scope.kind === 'split')?.chunks[0]
  invariant(chunk !== undefined, 'a snapshot holds the split')
  return readSplitState(stepName('source'), chunk)
}

describe('a task', () => {
  it('C10: runs its source through the chain, onEnd once a key, then the end, and barriers after it', async () => {
    const made = withOutput(
      (source) => source.keyBy('k', (n) => n % 2).process('count', counting),
      numberSource({ count: 3 }),
    )
    const { task, out, runAll, log, uploads } = open(made, { head: 'in' })
    await runAll()
    expect(out(0).flat.concat(out(1).flat)).toHaveLength(5 + 2)
    const records = [out(0), out(1)].flatMap((each) => each.flat).filter((each) => each !== 'end')
    expect(new Set(records)).toEqual(new Set(['0:1', '1:1', '0:2', 'end 0:2', 'end 1:1']))
    expect([log, task.lifecycle.state, task.recordsRead]).toEqual([['inputEnded'], 'ended', 3])
    task.trigger(barrier(1, true))
    await runAll()
    expect(out(0).flat.slice(-2)).toEqual(['end', '|1 final|'])
    expect(uploads.map(({ checkpoint }) => checkpoint)).toEqual([1])
  })

  it('C10: restored after its end, it sends its end again and does not run onEnd again', async () => {
    const made = () =>
      withOutput(
        (source) => source.keyBy('k', (n) => n % 2).process('count', counting),
        numberSource({ count: 3 }),
      )
    const first = open(made(), { head: 'in' })
    await first.runAll()
    first.task.trigger(barrier(1))
    await first.runAll()
    const { sections } = first.uploads[0] ?? { sections: [] }
    const second = open(made(), { head: 'in', state: splitIn(sections), restored: sections })
    await second.runAll()
    expect([second.out(0).flat, second.out(1).flat]).toEqual([['end'], ['end']])
  })

  it('C3: the snapshot is captured before the barrier goes out, and written while records flow', async () => {
    const order: string[] = []
    const keys = 1_200
    const made = withOutput(
      (source) => source.keyBy('k', (n) => n).process('count', counting),
      numberSource({ count: keys + 50, chunk: 200 }),
    )
    const { task, out, uploads, runAll } = open(made, {
      head: 'in',
      batchRecords: 1,
      ports: {
        failpoints: {
          hit: (name) => void order.push(`${name}, ${out(0).flat.at(-1) === '|1|' ? 'sent' : 'unsent'}`),
        },
      },
    })
    while ((task.recordsRead ?? 0) < keys) {
      task.step(50)
      await settle()
    }
    task.trigger(barrier(1))
    task.step(1)
    await settle()
    expect(order).toEqual(['task.captured, unsent', 'task.barrier-partly-sent, sent'])
    expect(uploads).toEqual([])
    task.step(10)
    expect(out(0).flat.concat(out(1).flat).slice(-1)).not.toEqual(['|1|'])
    await settle()
    expect([uploads, task.recordsRead]).toEqual([[], keys + 10])
    await runAll()
    expect(countsIn(uploads[0]?.sections ?? []).size).toBe(keys)
  })

  it('T1, S1, C3: a snapshot holds exactly what came before its barrier, however it is interleaved', async () => {
    const action = fc.oneof(
      fc.record({ step: fc.integer({ min: 1, max: 7 }) }),
      fc.record({ room: fc.integer({ min: 0, max: 3 }) }),
      fc.constant({ trigger: true as const }),
    )
    // Each number makes n % 4 results, pulled one by one.
    const fanOut = (n: number): number[] => Array.from({ length: n % 4 }, (_, i) => n * 10 + i)
    const total = 60
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { maxLength: 60, size: 'max' }),
        fc.integer({ min: 1, max: 5 }),
        async (script, batchRecords) => {
          const made = flow('f')
          made
            .source('in', numberSource({ count: total, chunk: 7 }))
            .map('same', (n) => n)
            .flatMap('fan', fanOut)
            .keyBy('k', (n) => n % 5)
            .process('count', counting)
            .broadcast()
            .sink('out', nowhere(), { parallelism: 2 })
          const { task, out, uploads, runAll, failures } = open(made, { head: 'in', batchRecords })
          let checkpoint = 0
          for (const each of script) {
            if ('trigger' in each) task.trigger(barrier((checkpoint += 1)))
            else if ('room' in each) for (const link of [out(0), out(1)]) link.room = each.room
            else {
              task.step(each.step)
              await settle()
            }
          }
          for (const link of [out(0), out(1)]) link.room = Infinity
          await runAll(5)
          expect(failures).toEqual([])
          expect(out(0).flat).toEqual(out(1).flat)
          for (const { checkpoint: id, sections } of uploads) {
            const before = out(0)
              .flat.slice(0, out(0).flat.indexOf(`|${id}|`))
              .map(String)
            const records = before.filter((record) => record.includes(':') && !record.startsWith('end'))
            const read = splitIn(sections).records
            const expected = Array.from({ length: read }, (_, n) => n).flatMap(fanOut)
            expect(records).toHaveLength(expected.length)
            const counts = new Map<number, number>()
            for (const n of expected) counts.set(n % 5, (counts.get(n % 5) ?? 0) + 1)
            expect(countsIn(sections)).toEqual(counts)
          }
          expect(out(0).flat.at(-1) === 'end' || checkpoint > 0).toBe(true)
        },
      ),
      { numRuns: 100 },
    )
  })

  it('T1: without room it takes nothing, answers blocked, and goes on when there is some', async () => {
    const made = withOutput((source) => source.map('m', (n) => n).broadcast())
    const { task, out, gate, runAll } = open(made, { head: 'in', batchRecords: 2 })
    for (const link of [out(0), out(1)]) link.room = 1
    expect(await runAll()).toBe('blocked')
    expect([gate.blocked, task.recordsRead, out(0).flat]).toEqual([2, 4, [0, 1]])
    task.trigger(barrier(1))
    expect([task.step(9), out(0).flat]).toEqual(['blocked', [0, 1]])
    for (const link of [out(0), out(1)]) link.room = Infinity
    expect(await runAll()).toBe('idle')
    expect(out(1).flat).toEqual([0, 1, 2, 3, '|1|', 4, 5, 6, 7, 8, 9, 'end'])
  })

  it('with nothing more to read, what is buffered goes out; what found no room goes with the next wake', () => {
    const made = behindLinks(
      (stream) => void stream.map('m', (n) => n).sink('out', nowhere(), { parallelism: 2 }),
    )
    const { task, input, out } = open(made, { head: 'u', batchRecords: 100 })
    for (const link of [out(0), out(1)]) link.room = 0
    input(0).put(batch(1, 2))
    expect([task.step(9), task.step(9)]).toEqual(['progress', 'idle'])
    expect(out(0).flat).toEqual([])
    for (const link of [out(0), out(1)]) link.room = 1
    task.step(9)
    expect([out(0).flat, out(1).flat]).toEqual([[1], [2]])
  })

  it('stays within its budget of invocations', async () => {
    const { task } = open(
      withOutput((source) => source),
      { head: 'in' },
    )
    task.step(1)
    await settle()
    expect([task.step(2), task.recordsRead]).toEqual(['progress', 2])
    expect([task.step(5), task.recordsRead]).toEqual(['progress', 7])
  })

  it('K1, K2: sinks stage at the barrier, the snapshot holds it, completion shows it', async () => {
    const made = flow('f')
    made.source('in', numberSource({ count: 3 })).sink('out', nowhere())
    const { task, writer, uploads, runAll, log } = open(made, { head: 'in' })
    await runAll()
    task.trigger(barrier(1))
    await runAll()
    const [section] = uploads[0]?.sections.filter(({ scope }) => scope.kind === 'list') ?? []
    expect(decodeValue(section?.chunks[0] ?? new Uint8Array())).toEqual([
      { checkpoint: 1, handle: [0, 1, 2] },
    ])
    expect(writer('out').committed).toEqual([])
    await task.complete(checkpointId(1))
    expect([writer('out').committed, log.at(-1)]).toEqual([[0, 1, 2], 'committed 1'])
  })

  it('an abort gives up the running snapshot; the next one is whole', async () => {
    const made = withOutput(
      (source) => source.keyBy('k', (n) => n).process('count', counting),
      numberSource({ count: 1_200, chunk: 400 }),
    )
    const { task, uploads, runAll, wakes, out } = open(made, { head: 'in' })
    while ((task.recordsRead ?? 0) < 1_200) {
      task.step(400)
      await settle()
    }
    task.trigger(barrier(1))
    task.step(1)
    const before = wakes()
    task.abort(checkpointId(1))
    expect(wakes()).toBe(before + 1)
    await runAll()
    expect([uploads, out(0).flat.includes('|1|')]).toEqual([[], true])
    task.trigger(barrier(2))
    await runAll()
    expect([uploads.length, countsIn(uploads[0]?.sections ?? []).size]).toEqual([1, 1_200])
  })

  it('a newer barrier supersedes a snapshot that is still written', async () => {
    const made = behindLinks(
      (stream) =>
        void stream
          .keyBy('k', (n) => n)
          .process('count', counting)
          .sink('out', nowhere()),
    )
    const { input, uploads, runAll } = open(made, { head: 'u' })
    const records = Array.from({ length: 1_200 }, (_, n) => n)
    input(0).put(batch(...records), barrier(1), barrier(2))
    input(1).put(barrier(1), barrier(2))
    await runAll(10_000)
    expect(uploads.map(({ checkpoint, sections }) => [checkpoint, countsIn(sections).size])).toEqual([
      [2, 1_200],
    ])
  })
})

describe('a task that fails', () => {
  const throwing =
    (at: number) =>
    (n: number): number => {
      if (n === at) throw new Error(`no ${n}`)
      return n
    }

  it('says which step, task and position, closes what it holds, and is done', async () => {
    const made = withOutput((source) => source.map('m', throwing(4)))
    const { task, failures, runAll, out, head } = open(made, { head: 'in' })
    const close = vi.spyOn(head, 'close')
    expect(await runAll()).toBe('done')
    expect(failures).toEqual([
      expect.objectContaining({
        code: 'OPERATOR_THREW',
        retry: 'retry',
        message: "'m' threw on a record: Error: no 4 (task in[0], split '0', position 5)",
        details: { step: 'm', task: 'in[0]', position: "split '0', position 5" },
      }),
    ])
    expect([task.lastRecord, task.lifecycle.state, out(0).closed, close.mock.calls.length]).toEqual([
      4,
      'failed',
      true,
      1,
    ])
    await task.stop()
    task.fail(new Error('again'))
    expect([failures.length, task.step(1), close.mock.calls.length]).toEqual([1, 'done', 1])
  })

  it('behind links names the batch it came in; a generator that fails late still names its record', async () => {
    const made = behindLinks(
      (stream) =>
        void stream
          .flatMap('fan', function* (n) {
            yield n
            if (n === 2) throw new Error('late')
          })
          .sink('out', nowhere()),
    )
    const { input, task, failures, runAll } = open(made, { head: 'u' })
    input(1).put(batch(1, 2))
    await runAll()
    expect([String(failures[0]), task.lastRecord]).toEqual([
      "MillraceError: 'fan' threw on a record: Error: late (task u[0], record 2 of a batch from up[1])",
      2,
    ])
  })

  it('K3: a commit that fails fails the task', async () => {
    const made = flow('f')
    made.source('in', numberSource({ count: 1 })).sink('out', nowhere())
    const { task, writer, runAll, failures, log } = open(made, { head: 'in' })
    await runAll()
    task.trigger(barrier(1))
    await runAll()
    writer('out').failures = [new MillraceError('OUTPUT_FOREIGN', 'no', { retry: 'fatal' })]
    await task.complete(checkpointId(1))
    expect(failures).toMatchObject([{ code: 'OUTPUT_FOREIGN', retry: 'fatal' }])
    expect([log, task.lifecycle.state]).toEqual([['inputEnded'], 'failed'])
  })

  it('V1: state that cannot be stored fails the task, with the key that holds it', async () => {
    const holding = operator<number, number, never>()({
      state: { bag: mapCell<string, unknown>() },
      onRecord: (ctx, n) => ctx.state.bag.set('f', n === 3 ? () => 0 : n),
    })
    const made = flow('f')
    made
      .source('in', numberSource({ count: 5 }))
      .keyBy('k', (n) => n)
      .process('hold', holding)
      .sink('out', nowhere())
    const { task, runAll, failures, uploads } = open(made, { head: 'in' })
    await runAll()
    task.trigger(barrier(1))
    expect(await runAll()).toBe('done')
    expect(failures).toMatchObject([
      { code: 'STATE_UNENCODABLE', message: expect.stringContaining('key "3"') },
    ])
    expect(uploads).toEqual([])
  })

  it('stopped, it uploads nothing that was under way and says nothing', async () => {
    const made = flow('f')
    made.source('in', numberSource({ count: 1 })).sink('out', nowhere())
    const { task, writer, runAll, failures, uploads, log } = open(made, { head: 'in' })
    await runAll()
    let release = (): void => undefined
    writer('out').sealing = new Promise((resolve) => (release = resolve))
    task.trigger(barrier(1))
    await runAll()
    await task.stop()
    release()
    await settle()
    await task.complete(checkpointId(1))
    expect([uploads, failures, log, writer('out').closed]).toEqual([[], [], ['inputEnded'], true])
  })

  it('one part that does not close cleanly keeps no other open', async () => {
    const made = flow('f')
    const source = made.source('in', numberSource({ count: 1 }))
    source.sink('one', nowhere())
    source.sink('two', nowhere())
    const warnings: unknown[] = []
    const { task, writer, head } = open(made, {
      head: 'in',
      ports: { log: (level, _, fields) => void warnings.push([level, fields?.error]) },
    })
    vi.spyOn(head, 'close').mockRejectedValue(new Error('stuck'))
    writer('one').close = () => {
      throw new Error('broken')
    }
    await task.stop()
    expect(writer('two').closed).toBe(true)
    expect(warnings).toEqual([
      ['warn', 'Error: stuck'],
      ['warn', 'Error: broken'],
    ])
  })
})

describe('a chain', () => {
  const outputOf = async (
    build: (source: Stream<number>) => void,
    sinks: readonly string[],
  ): Promise<unknown[][]> => {
    const made = flow('f')
    build(made.source('in', numberSource({ count: 6 })))
    const { runAll, writer, failures } = open(made, { head: 'in' })
    await runAll()
    expect(failures).toEqual([])
    return sinks.map((name) => writer(name).written)
  }

  it('branches: each consumer gets every record', async () => {
    const found = await outputOf(
      (source) => {
        const doubled = source.map('double', (n) => n * 2)
        doubled.filter('big', (n) => n > 5).sink('a', nowhere())
        doubled.map('text', (n) => `t${n}`).sink('b', nowhere())
        source.sink('c', nowhere())
      },
      ['a', 'b', 'c'],
    )
    expect(found).toEqual([
      [6, 8, 10],
      ['t0', 't2', 't4', 't6', 't8', 't10'],
      [0, 1, 2, 3, 4, 5],
    ])
  })

  it('nested flatMaps keep their order, each pulled before the one above it', async () => {
    const [found] = await outputOf(
      (source) =>
        source
          .filter('few', (n) => n < 3)
          .flatMap('twice', (n) => [n, n + 10])
          .flatMap('pairs', function* (n) {
            yield `${n}a`
            yield `${n}b`
          })
          .sink('a', nowhere()),
      ['a'],
    )
    expect(found).toEqual(['0a', '0b', '10a', '10b', '1a', '1b', '11a', '11b', '2a', '2b', '12a', '12b'])
  })

  it('T1: of nested flatMaps the last is pulled empty before the one above makes more', () => {
    let made = 0
    const build = behindLinks(
      (stream) =>
        void stream
          .flatMap('above', function* () {
            for (;;) yield (made += 1)
          })
          .flatMap('below', (n) => Array.from({ length: 50 }, () => n))
          .sink('out', nowhere()),
    )
    const { task, input, writer } = open(build, { head: 'u' })
    input(0).put(batch(0))
    task.step(400)
    expect([writer('out').written.length > 300, made]).toEqual([true, 8])
  })

  it('P1: dead letters leave by their own branch; a guarded step is not written into the loop', async () => {
    const found = await outputOf(
      (source) => {
        const mapped = source.map(
          'odd',
          (n) => {
            if (n % 2 === 0) throw new Error('even')
            return n
          },
          { onError: 'dead-letter' },
        )
        mapped.sink('good', nowhere())
        mapped.deadLetters.map('raw', (letter) => letter.raw).sink('bad', nowhere())
      },
      ['good', 'bad'],
    )
    expect(found).toEqual([
      [1, 3, 5],
      ['0', '2', '4'],
    ])
  })

  it('keyed steps follow one another in one task, and end in order', async () => {
    const [found] = await outputOf(
      (source) =>
        source
          .keyBy('k', (n) => n % 2)
          .reduce('sum', (a, b) => a + b, { emitOn: 'end' })
          .keyBy('all', () => 'all')
          .aggregate('total', { init: () => 0, add: (a, n) => a + n }, { emitOn: 'end' })
          .sink('a', nowhere()),
      ['a'],
    )
    expect(found).toEqual([15])
  })
})

it('elements of other kinds pass: watermarks are forwarded, ends of some inputs are not', async () => {
  const made = flow('f')
  const timed = made.source('in', fromArray([0])).eventTime('time', { atMs: (n) => n })
  timed.union('u', timed).sink('out', nowhere(), { parallelism: 2 })
  const { input, out, runAll, log } = open(made, { head: 'u' })
  const at = (atMs: number): Element => ({ kind: 'watermark', atMs })
  input(0).put(batch(1), at(5), end)
  input(1).put(at(3))
  await runAll()
  expect([out(0).flat, log]).toEqual([[1, 'w3'], []])
  input(1).put(end, barrier(1))
  input(0).put(barrier(1))
  await runAll()
  expect([out(0).flat, log]).toEqual([[1, 'w3', 'w5', 'end', '|1|'], ['inputEnded']])
})

describe('C4: a task that a barrier overtakes', () => {
  const channelsIn = (sections: readonly SectionDraft[]) =>
    sections.flatMap(({ step, scope, chunks }) =>
      scope.kind === 'channel'
        ? [[step, channelLabel(scope), flatten([...readChannel(Buffer.concat(chunks))].map(elementOf))]]
        : [],
    )
  /** Behind two links, with a link behind it that has no room once it got one record. */
  const crowded = () => {
    const made = behindLinks((stream) => void stream.sink('out', nowhere(), { parallelism: 2 }))
    const opened = open(made, { head: 'u', batchRecords: 1 })
    for (const link of [opened.out(0), opened.out(1)]) link.room = 1
    return opened
  }

  it('takes it without room, sends it on in-band and beside the numbering, and works on when there is room', async () => {
    const { task, input, out, uploads, runAll } = crowded()
    input(0).put(batch(1, 2, 3, 4, 5, 6), barrier(1))
    input(1).put(barrier(1))
    expect(await runAll()).toBe('blocked')
    const before = out(0).flat.length
    task.overtake(checkpointId(1))
    expect(await runAll()).toBe('blocked')
    expect(out(0).flat.slice(before)).toEqual([expect.anything(), '|1|'])
    expect([out(0).overtaken, out(1).overtaken]).toEqual([[1], [1]])
    const sent = [out(0), out(1)].flatMap((link) => link.flat).filter((each) => typeof each === 'number')
    const left = [1, 2, 3, 4, 5, 6].slice(sent.length)
    expect(uploads.map(({ sections }) => channelsIn(sections))).toEqual([[['u', 'in[0] → u[0]', left]]])
    for (const link of [out(0), out(1)]) link.room = Infinity
    await runAll()
    expect(
      out(0)
        .flat.concat(out(1).flat)
        .filter((each) => each === '|1|'),
    ).toHaveLength(2)
  })

  it('waits with its snapshot for what is still on its way, and not with its work', async () => {
    const { task, input, out, uploads, runAll } = crowded()
    for (const link of [out(0), out(1)]) link.room = Infinity
    input(0).put(barrier(1))
    input(1).put(batch(1))
    task.overtake(checkpointId(1))
    expect([await runAll(), uploads]).toEqual(['idle', []])
    input(1).put(batch(2))
    input(0).put(batch(9))
    expect([await runAll(), uploads]).toEqual(['idle', []])
    input(1).put(barrier(1))
    await runAll()
    expect(uploads.map(({ sections }) => channelsIn(sections))).toEqual([[['u', 'in[0] → u[0] #1', [1, 2]]]])
    expect(out(0).flat.concat(out(1).flat)).toEqual(expect.arrayContaining([1, 2, 9]))
  })

  it('T1: what an invocation left to pull comes first', async () => {
    const made = behindLinks(
      (stream) =>
        void stream
          .flatMap('fan', (n) => [n, n + 1, n + 2])
          .broadcast()
          .sink('out', nowhere(), { parallelism: 2 }),
    )
    const { task, input, out, uploads, runAll } = open(made, { head: 'u', batchRecords: 1 })
    for (const link of [out(0), out(1)]) link.room = 1
    input(0).put(batch(10, 20), barrier(1))
    input(1).put(barrier(1))
    await runAll()
    task.overtake(checkpointId(1))
    expect([await runAll(), uploads]).toEqual(['blocked', []])
    while (uploads.length === 0) {
      for (const link of [out(0), out(1)]) link.room = 1
      await runAll()
    }
    expect(out(0).flat.slice(0, 4)).toEqual([10, 11, 12, '|1|'])
    expect(channelsIn(uploads[0]?.sections ?? [])).toEqual([['u', 'in[0] → u[0]', [20]]])
  })

  it('K2: passes through a sink that has no room', async () => {
    const { task, input, writer, uploads, runAll } = open(
      behindLinks((stream) => stream.sink('out', nowhere())),
      { head: 'u' },
    )
    writer('out').full = true
    input(0).put(batch(1, 2), barrier(1))
    input(1).put(barrier(1))
    expect(await runAll()).toBe('blocked')
    task.overtake(checkpointId(1))
    await runAll()
    const { sections } = uploads[0] ?? { sections: [] }
    const staged = sections.find(({ step }) => step === 'out')?.chunks[0] ?? new Uint8Array()
    expect(decodeValue(staged)).toMatchObject([{ checkpoint: 1, handle: [1] }])
    expect(channelsIn(sections)).toEqual([['u', 'in[0] → u[0]', [2]]])
  })

  it('C1: a source without room puts its barrier at once', async () => {
    const made = withOutput((source) => source.map('same', (n) => n))
    const { task, out, uploads, runAll } = open(made, { head: 'in', batchRecords: 1 })
    for (const link of [out(0), out(1)]) link.room = 0
    task.trigger(barrier(1))
    task.step(1)
    await runAll()
    task.trigger(barrier(2))
    expect(await runAll()).toBe('blocked')
    task.overtake(checkpointId(2))
    await runAll()
    expect(uploads.map(({ checkpoint }) => checkpoint)).toEqual([1, 2])
    expect(splitIn(uploads[1]?.sections ?? []).records).toBe(task.recordsRead)
    expect(out(0).overtaken).toEqual([2])
  })

  it('tells its links of one that it has sent already', async () => {
    const { task, input, out, runAll } = crowded()
    for (const each of [input(0), input(1)]) each.put(barrier(1))
    await runAll()
    expect(out(0).overtaken).toEqual([])
    task.overtake(checkpointId(1))
    task.overtake(checkpointId(1))
    expect([out(0).overtaken, out(1).overtaken]).toEqual([[1], [1]])
  })

  it('C2, C8: aborted, or superseded, it keeps nothing and uploads nothing', async () => {
    const { task, input, uploads, runAll, failures } = crowded()
    input(0).put(barrier(1))
    input(1).put(batch(1))
    task.overtake(checkpointId(1))
    await runAll()
    task.abort(checkpointId(1))
    input(1).put(barrier(1))
    expect([await runAll(), uploads]).toEqual(['idle', []])
    input(0).put(barrier(2))
    task.overtake(checkpointId(2))
    await runAll()
    for (const each of [input(0), input(1)]) each.put(barrier(3))
    await runAll()
    expect([uploads.map(({ checkpoint }) => checkpoint), failures]).toEqual([[3], []])
  })

  it('C8: channel state beyond its bound, or a record that fits no frame, fails the checkpoint alone', async () => {
    const beyond = new Array<number>(limits.channelStateBytesMax / limits.recordBytesNominal + 1).fill(0)
    for (const records of [beyond, ['x'.repeat(limits.frameBytesMax)]]) {
      const { task, input, out, log, uploads, runAll, failures } = crowded()
      for (const link of [out(0), out(1)]) link.room = 0
      input(0).put(batch(1, 2, 3), { kind: 'batch', records }, barrier(1))
      input(1).put(barrier(1))
      task.overtake(checkpointId(1))
      await runAll()
      expect([log, uploads, failures]).toEqual([
        [expect.stringContaining('declined 1: ChannelStateError')],
        [],
        [],
      ])
      input(0).queue.splice(0)
      for (const each of [input(0), input(1)]) each.put(barrier(2))
      for (const link of [out(0), out(1)]) link.room = Infinity
      await runAll()
      expect(uploads.map(({ checkpoint }) => checkpoint)).toEqual([2])
    }
  })
})
