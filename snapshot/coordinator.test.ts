import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reportError } from '../core/errors.ts'
import { checkpointId, flowName, stepName, taskId, termNumber, type TaskId } from '../core/ids.ts'
import { decide, startCoordinator, wakeAtMs } from './coordinator.ts'
import type { CoordinatorCommand, CoordinatorFact, Deployment } from './coordinator-facts.ts'
import { SupersededError } from './errors.ts'
import type { TaskSnapshot } from './manifest.ts'
import { emptySnapshot } from './simulated/samples.ts'

const source = taskId(stepName('source'), 0)
const sink = taskId(stepName('sink'), 0)
const id = checkpointId

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
type Fact = DistributiveOmit<CoordinatorFact, 'now'>

/** A coordinator under a clock that only the test moves. */
function coordinate(
  given: Partial<Omit<Deployment, 'options'>> & { options?: Partial<Deployment['options']> } = {},
) {
  const { options, ...rest } = given
  const deployment: Deployment = {
    job: flowName('job'),
    epoch: { term: termNumber(2), attempt: 1 },
    fingerprint: 'f',
    keyGroups: 128,
    tasks: [source, sink],
    sources: [source],
    newest: 0,
    restored: null,
    ...rest,
    options: {
      everyMs: 100,
      timeoutMs: 50,
      failuresMax: 3,
      minPauseMs: 0,
      alignmentTimeoutMs: null,
      ...options,
    },
  }
  let nowMs = 1_000
  const now = () => ({ monotonicMs: nowMs, wallMs: nowMs + 5_000 })
  const first = startCoordinator(deployment, now())
  let { state } = first
  return {
    first: first.commands,
    get state() {
      return state
    },
    wait(ms: number): void {
      nowMs += ms
    },
    tell(fact: Fact): readonly CoordinatorCommand[] {
      const before = state
      const frozen = structuredClone({ phase: before.phase, newest: before.newest })
      const decision = decide(before, { ...fact, now: now() })
      expect({ phase: before.phase, newest: before.newest }).toEqual(frozen)
      state = decision.state
      return decision.commands
    },
    tick(ms = 0): readonly CoordinatorCommand[] {
      nowMs += ms
      return this.tell({ kind: 'tick' })
    },
    wakeInMs(): number | null {
      const atMs = wakeAtMs(state)
      return atMs === null ? null : atMs - nowMs
    },
    acknowledge(task: TaskId, checkpoint: number, snapshot: TaskSnapshot = emptySnapshot) {
      return this.tell({ kind: 'taskAcknowledged', task, checkpoint: id(checkpoint), snapshot })
    },
    commit(task: TaskId, checkpoint: number) {
      return this.tell({ kind: 'committed', task, checkpoint: id(checkpoint) })
    },
    created() {
      return this.tell({ kind: 'slotWritten', outcome: { kind: 'created' } })
    },
    notLogged() {
      return this.tell({
        kind: 'slotWritten',
        outcome: { kind: 'failed', error: reportError(new Error('disk full')) },
      })
    },
    /** From trigger to completion. */
    complete(checkpoint: number) {
      this.acknowledge(source, checkpoint)
      this.acknowledge(sink, checkpoint)
      return this.created()
    },
  }
}

const kinds = (commands: readonly CoordinatorCommand[]): string[] => commands.map(({ kind }) => kind)
const plain = { final: false, savepoint: false, stop: false }

describe('coordinator: one checkpoint', () => {
  it('C1: starts when it is due and not before', () => {
    const job = coordinate()
    expect(job.first).toEqual([])
    expect(job.wakeInMs()).toBe(100)
    expect(job.tick(99)).toEqual([])
    expect(job.tick(1)).toEqual([{ kind: 'trigger', checkpoint: 1, ...plain }])
    expect(job.wakeInMs()).toBe(50)
  })

  it('C1: one in flight', () => {
    const job = coordinate({ options: { timeoutMs: 10_000 } })
    job.tick(100)
    expect(job.tick(500)).toEqual([])
    expect(job.tell({ kind: 'savepointRequested' })).toEqual([])
  })

  it('C5: is complete when every task acknowledged and its manifest is in the log', () => {
    const job = coordinate({ newest: 41 })
    job.tick(100)
    const steps = (step: string) => [{ step: stepName(step), version: 1, sections: [] }]
    expect(job.acknowledge(sink, 42, { steps: steps('sink'), parts: [] })).toEqual([])
    job.wait(7)
    const [write, ...rest] = job.acknowledge(source, 42, { steps: steps('source'), parts: [] })
    expect(rest).toEqual([])
    expect(write).toEqual({
      kind: 'writeManifest',
      manifest: {
        format: 1,
        job: 'job',
        checkpoint: 42,
        epoch: { term: 2, attempt: 1 },
        final: false,
        savepoint: false,
        unaligned: false,
        fingerprint: 'f',
        keyGroups: 128,
        startedMs: 6_100,
        completedMs: 6_107,
        steps: [...steps('source'), ...steps('sink')],
        parts: [],
      },
    })
    expect(job.created()).toMatchObject([
      { kind: 'tellComplete', checkpoint: 42, manifest: { checkpoint: 42 } },
    ])
  })

  it('C5: sections of one step come together, and two owners of one are a contradiction', () => {
    const section = (group: number) => ({
      scope: { kind: 'group', group } as const,
      content: { kind: 'inline', bytes: new Uint8Array(1) } as const,
    })
    const snapshot = (group: number): TaskSnapshot => ({
      steps: [{ step: stepName('s'), version: 1, sections: [section(group)] }],
      parts: [],
    })
    const job = coordinate()
    job.tick(100)
    job.acknowledge(source, 1, snapshot(0))
    expect(job.acknowledge(sink, 1, snapshot(1))).toMatchObject([
      { manifest: { steps: [{ step: 's', sections: [section(0), section(1)] }] } },
    ])
    const other = coordinate()
    other.tick(100)
    other.acknowledge(source, 1, snapshot(0))
    expect(() => other.acknowledge(sink, 1, snapshot(0))).toThrow(/C5.*key group 0/)
  })

  it('C6: the next one need not wait for commits, and keeps the rhythm', () => {
    const job = coordinate()
    job.tick(100)
    job.wait(30)
    job.complete(1)
    expect(job.wakeInMs()).toBe(70)
    expect(job.tick(70)).toMatchObject([{ kind: 'trigger', checkpoint: 2 }])
  })

  it('minPauseMs lies between the end of one and the start of the next', () => {
    const job = coordinate({ options: { minPauseMs: 90 } })
    job.tick(100)
    job.wait(30)
    job.complete(1)
    expect(job.wakeInMs()).toBe(90)
  })

  it('without an interval only what is asked for is taken', () => {
    const job = coordinate({ options: { everyMs: null } })
    expect(job.wakeInMs()).toBeNull()
    expect(job.tick(1_000_000)).toEqual([])
    expect(job.tell({ kind: 'savepointRequested' })).toMatchObject([{ kind: 'trigger', savepoint: true }])
  })

  it('C6: a restore tells its completion again', () => {
    const job = coordinate({ newest: 7, restored: { checkpoint: id(7), final: false } })
    expect(job.first).toEqual([{ kind: 'tellComplete', checkpoint: 7, manifest: null }])
    expect(job.tick(100)).toMatchObject([{ kind: 'trigger', checkpoint: 8 }])
  })

  it('E6: ids rise above the newest, also after an abort', () => {
    const job = coordinate({ newest: 90 })
    job.tick(100)
    job.tick(50)
    expect(job.tick(100)).toMatchObject([{ kind: 'trigger', checkpoint: 92 }])
    expect(() => coordinate({ newest: 5, restored: { checkpoint: id(6), final: false } })).toThrow(/E6/)
  })
})

describe('coordinator: failures', () => {
  it('C8: a time-out aborts one checkpoint, names who did not answer, and the next follows', () => {
    const job = coordinate()
    job.tick(100)
    job.acknowledge(source, 1)
    expect(job.tick(49)).toEqual([])
    const [abort, ...rest] = job.tick(1)
    expect(abort).toMatchObject({
      kind: 'abort',
      checkpoint: 1,
      failuresInARow: 1,
      reason: { code: 'CHECKPOINT_TIMEOUT', details: { missing: [sink] } },
      ...plain,
    })
    expect(rest).toEqual([])
    expect(job.tick(100)).toMatchObject([{ kind: 'trigger', checkpoint: 2 }])
  })

  it('C8: a task that cannot take its snapshot aborts it, with the cause', () => {
    const job = coordinate()
    job.tick(100)
    const error = reportError(Object.assign(new Error('ENOSPC')))
    expect(job.tell({ kind: 'taskDeclined', task: sink, checkpoint: id(1), error })).toMatchObject([
      {
        kind: 'abort',
        reason: {
          code: 'CHECKPOINT_DECLINED',
          details: { task: sink },
          message: expect.stringContaining('ENOSPC'),
        },
      },
    ])
  })

  it('C8: a manifest that the log refused aborts it', () => {
    const job = coordinate()
    job.tick(100)
    job.acknowledge(source, 1)
    job.acknowledge(sink, 1)
    expect(job.notLogged()).toMatchObject([
      { kind: 'abort', checkpoint: 1, reason: { code: 'CHECKPOINT_NOT_LOGGED' } },
    ])
  })

  it('C8: late, stale and duplicate answers change nothing', () => {
    const job = coordinate()
    job.tick(100)
    job.acknowledge(source, 1)
    const before = job.state
    expect(job.acknowledge(source, 1)).toEqual([])
    expect(job.state).toBe(before)
    job.tick(50)
    const error = reportError(new Error('late'))
    const idle = job.state
    for (const checkpoint of [1, 2, 99]) {
      expect(job.acknowledge(sink, checkpoint)).toEqual([])
      expect(job.tell({ kind: 'taskDeclined', task: sink, checkpoint: id(checkpoint), error })).toEqual([])
      expect(job.commit(sink, checkpoint)).toEqual([])
    }
    expect(job.state).toBe(idle)
    job.tick(100)
    job.acknowledge(source, 1)
    job.acknowledge(sink, 1)
    expect(job.state.phase.kind).toBe('collecting')
    job.acknowledge(source, 2)
    job.acknowledge(sink, 2)
    expect(job.acknowledge(sink, 2)).toEqual([])
    expect(job.state.phase.kind).toBe('writing')
  })

  it('C8: an answer of no task of the deployment is a contradiction', () => {
    const job = coordinate()
    job.tick(100)
    expect(() => job.acknowledge(taskId(stepName('other'), 0), 1)).toThrow(/C8.*other/)
    expect(() => job.tell({ kind: 'sourceEnded', task: sink })).toThrow(/C10/)
  })

  it('C8: failuresMax in a row fail the job; a completed one begins the count again', () => {
    const job = coordinate()
    const fail = () => {
      job.tick(100)
      return job.tick(50)
    }
    fail()
    fail()
    job.tick(100)
    job.complete(3)
    fail()
    fail()
    const commands = fail()
    expect(kinds(commands)).toEqual(['abort', 'failJob'])
    expect(commands[1]).toMatchObject({
      error: { code: 'CHECKPOINT_FAILURES', retry: 'retry', cause: { code: 'CHECKPOINT_TIMEOUT' } },
    })
    expect(job.tick(1_000)).toEqual([])
    expect(job.wakeInMs()).toBeNull()
  })

  it('E3: whoever is superseded ends', () => {
    const job = coordinate()
    job.tick(100)
    job.acknowledge(source, 1)
    job.acknowledge(sink, 1)
    const error = new SupersededError(termNumber(2), 'term 3')
    expect(job.tell({ kind: 'slotWritten', outcome: { kind: 'superseded', error } })).toEqual([
      { kind: 'failJob', error },
    ])
    expect(job.tick(1_000)).toEqual([])
  })

  it('E4: while a slot write is under way nothing begins and nothing is given up', () => {
    const job = coordinate()
    job.tick(100)
    job.acknowledge(source, 1)
    job.acknowledge(sink, 1)
    expect(job.wakeInMs()).toBeNull()
    expect(job.tick(10_000)).toEqual([])
    expect(job.tell({ kind: 'savepointRequested' })).toEqual([])
    expect(job.tell({ kind: 'sourceEnded', task: source })).toEqual([])
    const error = reportError(new Error('too late'))
    expect(job.tell({ kind: 'taskDeclined', task: sink, checkpoint: id(1), error })).toEqual([])
    expect(kinds(job.created())).toEqual(['tellComplete', 'trigger'])
  })

  it('E4: an outcome that nobody asked for is a contradiction', () => {
    expect(() => coordinate().created()).toThrow(/E4/)
  })
})

describe('coordinator: the end', () => {
  it('C10: when every source ended the final checkpoint follows at once', () => {
    const second = taskId(stepName('source'), 1)
    const job = coordinate({ tasks: [source, second, sink], sources: [source, second] })
    expect(job.tell({ kind: 'sourceEnded', task: source })).toEqual([])
    expect(job.tell({ kind: 'sourceEnded', task: source })).toEqual([])
    expect(job.tell({ kind: 'sourceEnded', task: second })).toEqual([
      { kind: 'trigger', checkpoint: 1, final: true, savepoint: false, stop: false },
    ])
  })

  it('C10: it waits for the one in flight, whether that completes or fails', () => {
    const completes = coordinate()
    completes.tick(100)
    expect(completes.tell({ kind: 'sourceEnded', task: source })).toEqual([])
    expect(completes.complete(1)).toMatchObject([
      { kind: 'tellComplete' },
      { kind: 'trigger', checkpoint: 2, final: true },
    ])
    const fails = coordinate()
    fails.tick(100)
    fails.tell({ kind: 'sourceEnded', task: source })
    expect(kinds(fails.tick(50))).toEqual(['abort'])
    expect(fails.tick(fails.wakeInMs() ?? 0)).toMatchObject([{ kind: 'trigger', checkpoint: 2, final: true }])
  })

  it('C10: it is tried again when it fails, not at once', () => {
    const job = coordinate()
    job.tell({ kind: 'sourceEnded', task: source })
    expect(job.tick(50)).toMatchObject([{ kind: 'abort', final: true }])
    expect(job.wakeInMs()).toBe(100)
    expect(job.tick(99)).toEqual([])
    expect(job.tick(1)).toMatchObject([{ kind: 'trigger', checkpoint: 2, final: true }])
  })

  it('C10: when every task confirmed its commits the log says finished, and nothing else starts meanwhile', () => {
    const job = coordinate()
    job.tell({ kind: 'sourceEnded', task: source })
    expect(job.complete(1)).toMatchObject([{ kind: 'tellComplete', manifest: { final: true } }])
    expect(job.tick(1_000)).toEqual([])
    expect(job.tell({ kind: 'savepointRequested' })).toEqual([])
    expect(job.commit(sink, 1)).toEqual([])
    expect(job.commit(sink, 1)).toEqual([])
    expect(job.commit(source, 1)).toEqual([{ kind: 'writeFinished', checkpoint: 1 }])
    expect(job.created()).toEqual([{ kind: 'finished', checkpoint: 1 }])
    expect(job.tick(1_000)).toEqual([])
  })

  it('C10: `finished` is written again when the log refused it, up to failuresMax', () => {
    const job = coordinate()
    job.tell({ kind: 'sourceEnded', task: source })
    job.complete(1)
    job.commit(sink, 1)
    job.commit(source, 1)
    expect(job.notLogged()).toEqual([])
    expect(() => job.created()).toThrow(/E4/)
    expect(job.tick(99)).toEqual([])
    expect(job.tick(1)).toEqual([{ kind: 'writeFinished', checkpoint: 1 }])
    job.notLogged()
    job.tick(100)
    expect(job.notLogged()).toMatchObject([{ kind: 'failJob', error: { code: 'CHECKPOINT_FAILURES' } }])
  })

  it('C10: started again from final: commit, finish', () => {
    const job = coordinate({ newest: 7, restored: { checkpoint: id(7), final: true } })
    expect(job.first).toEqual([{ kind: 'tellComplete', checkpoint: 7, manifest: null }])
    expect(job.tell({ kind: 'sourceEnded', task: source })).toEqual([])
    expect(job.tick(1_000)).toEqual([])
    job.commit(source, 7)
    expect(job.commit(sink, 7)).toEqual([{ kind: 'writeFinished', checkpoint: 7 }])
  })

  it('a savepoint starts at once, or after the one in flight, and is marked in its manifest', () => {
    const job = coordinate()
    expect(job.tell({ kind: 'savepointRequested' })).toMatchObject([
      { kind: 'trigger', checkpoint: 1, savepoint: true },
    ])
    expect(job.tell({ kind: 'savepointRequested' })).toEqual([])
    expect(job.complete(1)).toMatchObject([
      { kind: 'tellComplete', manifest: { savepoint: true } },
      { kind: 'trigger', savepoint: true },
    ])
    expect(job.tick(50)).toMatchObject([{ kind: 'abort', savepoint: true }])
    expect(job.tick(100)).toMatchObject([{ kind: 'trigger', savepoint: false }])
  })

  it('a stop takes one last checkpoint, waits for its commits and sends no end', () => {
    const job = coordinate()
    expect(job.tell({ kind: 'stopRequested', savepoint: true })).toEqual([
      { kind: 'trigger', checkpoint: 1, final: false, savepoint: true, stop: true },
    ])
    expect(kinds(job.complete(1))).toEqual(['tellComplete'])
    expect(job.tick(1_000)).toEqual([])
    job.commit(source, 1)
    expect(job.commit(sink, 1)).toEqual([{ kind: 'stopped', checkpoint: 1 }])
  })

  it('a stop is tried again when its checkpoint fails', () => {
    const job = coordinate()
    job.tell({ kind: 'stopRequested', savepoint: false })
    expect(job.tick(50)).toMatchObject([{ kind: 'abort', stop: true }])
    expect(job.tick(100)).toMatchObject([{ kind: 'trigger', checkpoint: 2, stop: true, savepoint: false }])
  })

  it('a job that reaches its end while it stops is finished', () => {
    const job = coordinate()
    job.tell({ kind: 'sourceEnded', task: source })
    job.tell({ kind: 'stopRequested', savepoint: false })
    job.complete(1)
    job.commit(source, 1)
    job.commit(sink, 1)
    expect(job.created()).toEqual([{ kind: 'finished', checkpoint: 1 }])
  })
})

describe('coordinator: under any facts', () => {
  const third = taskId(stepName('map'), 0)
  const tasks = [source, third, sink]
  const lag = fc.constantFrom(0, 0, 0, 1)
  const action = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('acknowledge' as const),
        task: fc.constantFrom(...tasks),
        lag,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 120 }) }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('slot' as const), created: fc.boolean() }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('commit' as const),
        task: fc.constantFrom(...tasks),
        lag,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('decline' as const),
        task: fc.constantFrom(...tasks),
        lag,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        { do: 'end' as const },
        { do: 'savepoint' as const },
        { do: 'stop' as const },
      ),
    },
  )

  it('C1, C5, C8, C10, E4, E6 hold', () => {
    const ends = new Set<string>()
    fc.assert(
      fc.property(fc.array(action, { minLength: 40, maxLength: 200, size: 'max' }), (actions) => {
        const job = coordinate({ tasks, options: { failuresMax: 4, alignmentTimeoutMs: 10 } })
        let flight: number | null = null
        let newest = 0
        let writing = false
        let ended = false
        let over = false
        let committing = 0
        const acknowledged = new Map<number, Set<TaskId>>()
        const committed = new Set<TaskId>()
        const check = (commands: readonly CoordinatorCommand[]): void => {
          expect(over && commands.length > 0).toBe(false)
          for (const command of commands) {
            switch (command.kind) {
              case 'trigger':
                expect(flight).toBeNull()
                expect(command.checkpoint).toBeGreaterThan(newest)
                expect(command.final).toBe(ended)
                newest = flight = command.checkpoint
                break
              case 'overtake':
                expect(command.checkpoint).toBe(flight)
                break
              case 'abort':
                expect(command.checkpoint).toBe(flight)
                flight = null
                break
              case 'writeManifest':
                expect(command.manifest.checkpoint).toBe(flight)
                expect(acknowledged.get(command.manifest.checkpoint)?.size).toBe(tasks.length)
                writing = true
                break
              case 'tellComplete':
                expect(command.checkpoint).toBe(flight)
                flight = null
                committing = command.checkpoint
                committed.clear()
                break
              case 'writeFinished':
                expect(ended).toBe(true)
                expect(committed.size).toBe(tasks.length)
                writing = true
                break
              case 'finished':
              case 'stopped':
              case 'failJob':
                if (command.kind === 'stopped') expect(committed.size).toBe(tasks.length)
                over = true
                ends.add(command.kind)
            }
          }
        }
        for (const move of actions) {
          switch (move.do) {
            case 'acknowledge': {
              const checkpoint = Math.max(1, newest - move.lag)
              if (!acknowledged.has(checkpoint)) acknowledged.set(checkpoint, new Set())
              if (checkpoint === flight && !writing) acknowledged.get(checkpoint)?.add(move.task)
              check(job.acknowledge(move.task, checkpoint))
              break
            }
            case 'wait':
              check(job.tick(move.ms))
              break
            case 'slot':
              if (!writing) break
              writing = false
              check(move.created ? job.created() : job.notLogged())
              break
            case 'commit': {
              const checkpoint = Math.max(1, newest - move.lag)
              if (checkpoint >= committing) committed.add(move.task)
              const commands = job.commit(move.task, checkpoint)
              expect(writing && commands.some(({ kind }) => kind !== 'writeFinished')).toBe(false)
              check(commands)
              break
            }
            case 'decline': {
              const error = reportError(new Error('no'))
              check(
                job.tell({
                  kind: 'taskDeclined',
                  task: move.task,
                  checkpoint: id(Math.max(1, newest - move.lag)),
                  error,
                }),
              )
              break
            }
            case 'end':
              ended = true
              check(job.tell({ kind: 'sourceEnded', task: source }))
              break
            case 'savepoint':
              check(job.tell({ kind: 'savepointRequested' }))
              break
            case 'stop':
              check(job.tell({ kind: 'stopRequested', savepoint: false }))
          }
        }
      }),
      { numRuns: 1_000 },
    )
    expect([...ends].sort()).toEqual(['failJob', 'finished', 'stopped'])
  })
})
