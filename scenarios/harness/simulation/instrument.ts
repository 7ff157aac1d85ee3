/** A flow's graph with eyes: every call of user code goes through a hook, every record in and out is shown. */
import type { StepName } from '../../../core/ids.ts'
import type { Graph, OutputName, Step } from '../../../operators/graph.ts'
import type { InlineForm, OperatorDefinition, OperatorInstance } from '../../../operators/operator.ts'
import type { SinkDefinition } from '../../../operators/sink.ts'
import type { SourceDefinition } from '../../../operators/source.ts'

/** What is to be seen of one step in one task. */
export interface StepView {
  received(input: 0 | 1, record: unknown): void
  emitted(output: OutputName, record: unknown): void
}

export interface Hooks {
  /** Calls user code, or does something else. `droppable`: a throw costs the record, not the task. */
  call?<T>(step: StepName, droppable: boolean, run: () => T): T
  /** Asked whenever a task is built; then steps are no part of a generated loop any more. */
  view?(step: StepName): StepView | undefined
}

/** The same steps, edges and fingerprint. */
export const instrumented = (graph: Graph, hooks: Hooks): Graph => ({
  ...graph,
  steps: new Map([...graph.steps].map(([name, step]) => [name, stepWith(step, hooks)])),
})

function stepWith(step: Step, hooks: Hooks): Step {
  switch (step.kind) {
    case 'source':
      return { ...step, definition: sourceWith(step.name, step.definition, hooks) }
    case 'operator':
      return { ...step, definition: operatorWith(step.name, step.definition, hooks) }
    case 'sink':
      return { ...step, definition: sinkWith(step.name, step.definition, hooks) }
  }
}

const callOf =
  (step: StepName, droppable: boolean, hooks: Hooks) =>
  <T>(run: () => T): T =>
    hooks.call ? hooks.call(step, droppable, run) : run()

function operatorWith(name: StepName, definition: OperatorDefinition, hooks: Hooks): OperatorDefinition {
  const call = callOf(name, definition.onError !== 'fail', hooks)
  const { inline, ...others } = definition
  return {
    ...others,
    ...(inline && !hooks.view && { inline: inlineWith(inline, call) }),
    create(context) {
      const view = hooks.view?.(name)
      const instance = definition.create({
        ...context,
        emit(record) {
          view?.emitted('main', record)
          context.emit(record)
        },
        emitTo(output, record) {
          view?.emitted(output, record)
          context.emitTo(output, record)
        },
      })
      watch(instance, call, view)
      return instance
    },
  }
}

type Call = <T>(run: () => T) => T

const inlineWith = (form: InlineForm, call: Call): InlineForm =>
  'fn' in form ? ({ ...form, fn: (record: never) => call(() => form.fn(record)) } as InlineForm) : form

/** In place: an instance may keep what it needs in private fields. */
function watch(instance: OperatorInstance, call: Call, view: StepView | undefined): void {
  const onRecord = instance.onRecord.bind(instance)
  instance.onRecord = (record) => {
    view?.received(0, record)
    call(() => onRecord(record))
  }
  const onSecond = instance.onSecond?.bind(instance)
  if (onSecond) {
    instance.onSecond = (record) => {
      view?.received(1, record)
      call(() => onSecond(record))
    }
  }
  const onEnd = instance.onEnd?.bind(instance)
  if (onEnd) instance.onEnd = (key) => call(() => onEnd(key))
}

function sourceWith(name: StepName, definition: SourceDefinition<unknown>, hooks: Hooks) {
  const call = callOf(name, false, hooks)
  const made: SourceDefinition<unknown> = {
    ...definition,
    splits: (context) => definition.splits(context),
    async open(split, position, context) {
      const reader = await definition.open(split, position, context)
      return { read: () => call(() => reader.read()), close: () => reader.close() }
    },
  }
  return made
}

function sinkWith(name: StepName, definition: SinkDefinition<unknown>, hooks: Hooks) {
  const call = callOf(name, false, hooks)
  const made: SinkDefinition<unknown> = Object.create(definition) as SinkDefinition<unknown>
  return Object.assign(made, {
    open: async (...given: Parameters<typeof definition.open>) => {
      const view = hooks.view?.(name)
      const writer = await definition.open(...given)
      return {
        write(record: unknown) {
          view?.received(0, record)
          call(() => writer.write(record))
        },
        get full() {
          return writer.full
        },
        barrier: writer.barrier.bind(writer),
        commit: writer.commit.bind(writer),
        close: writer.close.bind(writer),
      }
    },
  })
}
