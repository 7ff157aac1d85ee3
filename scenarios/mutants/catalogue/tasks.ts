/** Tasks, sources, sinks and their end: T1, S1, C10, K1 to K4, P1, A2. */
import { edit, type Mutant } from '../mutant.ts'

const task = 'actors/task/task.ts'
const source = 'actors/task/source-head.ts'
const sink = 'actors/task/sink-step.ts'
const jsonl = 'operators/sinks/jsonl'
const poison = 'operators/steps/poison.ts'

export const taskMutants: readonly Mutant[] = [
  {
    id: 'barrier-amid-an-invocation',
    invariant: 'T1',
    what: 'a barrier passes while results of a record are still to be pulled',
    edits: edit(
      task,
      'for (const { instance } of this.pullers) {\n      if (instance.pull?.() === true) return 1',
      'if (this.parts.head.pending?.final === false) return this.parts.head.work(max)\n    for (const { instance } of this.pullers) {\n      if (instance.pull?.() === true) return 1',
    ),
  },
  {
    id: 'position-ahead',
    invariant: 'S1',
    what: 'a position is that after the next record',
    edits: edit(
      'actors/task/split-feed.ts',
      'this.chunk.positionAfter(this.cursor.index - 1)',
      'this.chunk.positionAfter(Math.min(this.cursor.index, this.chunk.records.length - 1))',
    ),
  },
  {
    id: 'position-behind',
    invariant: 'S1',
    what: 'a position is that before the last record',
    edits: edit(
      'actors/task/split-feed.ts',
      'this.chunk.positionAfter(this.cursor.index - 1)',
      '(this.cursor.index > 1 ? this.chunk.positionAfter(this.cursor.index - 2) : this.position)',
    ),
  },
  {
    id: 'splits-read-twice',
    invariant: 'S1',
    what: 'every task of a source reads the first split',
    edits: edit(
      'actors/worker/assign-splits.ts',
      '.filter((_, i) => i % task.chain.parallelism === task.index)',
      '.filter((_, i) => i === 0 || i % task.chain.parallelism === task.index)',
    ),
  },
  {
    id: 'restored-end-not-sent',
    invariant: 'C10',
    what: 'a source that had ended says nothing after a restore',
    edits: edit(
      source,
      'if (open.length > 0 || this.saidEnded) return 0',
      'if (open.length > 0 || this.saidEnded || feeds.every(({ records }) => records.length === 0)) return 0',
    ),
  },
  {
    id: 'on-end-again',
    invariant: 'C10',
    what: 'onEnd runs again after a restore',
    edits: edit('actors/task/watermark-flow.ts', 'state.markEnded()', ''),
  },
  {
    id: 'end-before-on-end',
    invariant: 'C10',
    what: "a task's end is sent before its onEnd has run",
    edits: edit(
      task,
      "this.lifecycle.send({ type: 'inputsEnded' })\n",
      "this.lifecycle.send({ type: 'inputsEnded' })\n    this.forward({ kind: 'end' })\n",
    ),
  },
  {
    id: 'finished-before-commits',
    invariant: 'C10',
    what: 'the log says finished when the first task confirmed its commits',
    edits: edit(
      'snapshot/coordinator.ts',
      'const answers = withTask(phase.answers, index)\n  if (answers.missing > 0) return { state: { ...state, phase: { ...phase, answers } }, commands: [] }\n  const { checkpoint } = phase',
      'const { checkpoint } = phase',
    ),
  },
  {
    id: 'abort-discards-output',
    invariant: 'K1',
    what: 'what an aborted checkpoint staged is forgotten',
    edits: edit(
      task,
      'this.parts.head.abort(checkpoint)\n',
      'this.parts.head.abort(checkpoint)\n    for (const sink of this.parts.chain.sinks) sink.staged = sink.staged.filter((output) => output.checkpoint !== checkpoint)\n',
    ),
  },
  {
    id: 'newest-staged-only',
    invariant: 'K1',
    what: 'a snapshot holds what was staged at its own barrier only',
    edits: edit(
      sink,
      'return this.staged.filter((output) => output.checkpoint <= checkpoint)',
      'return this.staged.filter((output) => output.checkpoint === checkpoint)',
    ),
  },
  {
    id: 'forgotten-before-commit',
    invariant: 'K1',
    what: 'staged output is forgotten when its commit begins',
    edits: edit(
      sink,
      'await this.commit(due)\n      this.staged = this.staged.filter((output) => !due.includes(output))',
      'this.staged = this.staged.filter((output) => !due.includes(output))\n      await this.commit(due)',
    ),
  },
  {
    id: 'staged-in-one-task',
    invariant: 'K1',
    what: 'only the first task takes over what was staged before a restore',
    edits: edit(
      'actors/worker/build-task.ts',
      'section.scope.index % task.chain.parallelism !== task.index) continue\n    outputs',
      'section.scope.index !== 0) continue\n    outputs',
    ),
  },
  {
    id: 'staged-not-synced',
    invariant: 'K2',
    what: 'a staged file is acknowledged before its content is durable',
    edits: edit(`${jsonl}/staged-writer.ts`, 'await handle.sync()\n', ''),
  },
  {
    id: 'staged-name-not-synced',
    invariant: 'K2',
    what: 'a staged file is acknowledged before its name is durable',
    edits: edit(`${jsonl}/staged-writer.ts`, 'await files.syncFolder(folder)\n', ''),
  },
  {
    id: 'buffer-behind-the-barrier',
    invariant: 'K2',
    what: 'rows that a sink buffers are staged with the next checkpoint',
    edits: edit(
      'operators/sinks/collect.ts',
      'async barrier(checkpoint: CheckpointId): Promise<Staged | null> {\n    this.encode()',
      'async barrier(checkpoint: CheckpointId): Promise<Staged | null> {',
    ),
  },
  {
    id: 'commit-not-repeatable',
    invariant: 'K3',
    what: 'a file that was committed already is an error',
    edits: edit(
      `${jsonl}/commit.ts`,
      "if (code === 'EEXIST') return requireContent(files, to, file)",
      "if (code === 'EEXIST') throw cause",
    ),
  },
  {
    id: 'commit-not-synced',
    invariant: 'K3',
    what: 'the staged name goes before the committed one is durable',
    edits: edit(`${jsonl}/commit.ts`, 'for (const target of targets) await files.syncFolder(target)\n', ''),
  },
  {
    id: 'failed-commit-forgotten',
    invariant: 'K3',
    what: 'a commit that failed counts as done',
    edits: edit(
      sink,
      'if (fatal || late || tries === commitTriesMax) throw this.commitFailed(cause)',
      'if (fatal) throw this.commitFailed(cause)\n        return',
    ),
  },
  {
    id: 'needed-files-deleted',
    invariant: 'K4',
    what: 'cleaning up takes staged files that the checkpoint names',
    edits: edit(`${jsonl}/folder.ts`, '&& !needed.has(name)', '&& needed.size >= 0'),
  },
  {
    id: 'state-not-undone',
    invariant: 'P1',
    what: 'a record that is set aside leaves its changes in the state',
    edits: edit(poison, 'undo?.()\n      options.skipped(error)', 'options.skipped(error)'),
  },
  {
    id: 'emissions-not-undone',
    invariant: 'P1',
    what: 'a record that is set aside leaves what it emitted',
    edits: edit(
      poison,
      "if (retry === 'fatal' || code === 'INVARIANT') throw error\n      held.length = 0",
      "if (retry === 'fatal' || code === 'INVARIANT') throw error\n      release()",
    ),
  },
  {
    id: 'a-key-group-lost',
    invariant: 'C7',
    what: 'a restore leaves the last key group of each task out',
    edits: edit(
      'actors/worker/build-task.ts',
      'else if (state?.owns(section.scope.group)) {',
      'else if (state?.owns(section.scope.group + 1)) {',
    ),
  },
  {
    id: 'calls-not-in-the-snapshot',
    invariant: 'A2',
    what: 'records whose calls are under way are in no snapshot',
    edits: edit(
      'operators/async/map-async.ts',
      'for (const { record, recordMs, lane } of this.queue.items())',
      'for (const { record, recordMs, lane } of [...this.queue.items()].slice(1))',
    ),
  },
  {
    id: 'calls-leave-their-lane',
    invariant: 'A2',
    what: 'records whose calls are under way go to any task when the number of tasks changes',
    edits: edit(
      'operators/async/map-async.ts',
      'if (lane === undefined) list.push(stored)',
      'if (lane !== null) list.push(stored)',
    ),
  },
]
