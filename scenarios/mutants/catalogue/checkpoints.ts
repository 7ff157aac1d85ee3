/** Barriers, snapshots and completion: C1 to C8, V1. */
import { edit, type Mutant } from '../mutant.ts'

const alignment = 'snapshot/alignment.ts'
const coordinator = 'snapshot/coordinator.ts'
const deployment = 'actors/worker/hosted-deployment.ts'
const task = 'actors/task/task.ts'
const keyed = 'operators/state/keyed-state.ts'

export const checkpointMutants: readonly Mutant[] = [
  {
    id: 'one-source-triggered',
    invariant: 'C1',
    what: 'only the first task of a worker is told of a checkpoint',
    edits: edit(
      deployment,
      'for (const task of this.tasks) task.trigger(barrier, stop)',
      'this.tasks[0]?.trigger(barrier, stop)',
    ),
  },
  {
    id: 'no-alignment',
    invariant: 'C2',
    what: 'an input whose barrier came is read on',
    edits: [
      { file: alignment, find: 'return this.held[input] === true', replace: 'return false' },
      {
        file: alignment,
        find: 'invariant(this.held[input] === false, `C2: held input ${input} delivered a barrier`)',
        replace: '',
      },
    ],
  },
  {
    id: 'first-barrier-counts',
    invariant: 'C2',
    what: 'the snapshot is taken at the first barrier, and the others are skipped',
    edits: edit(alignment, 'if (!current || this.heldCount + 1 < this.held.length) {', 'if (!current) {'),
  },
  {
    id: 'superseded-inputs-held',
    invariant: 'C2',
    what: 'a newer barrier leaves the inputs of the older alignment held',
    survives:
      'tasks are told that a checkpoint was given up before the next one begins: a barrier seldom meets an older one',
    edits: edit(
      alignment,
      'const release = this.end(current?.checkpoint ?? this.over)\n    this.current',
      'const release: number[] = []\n    this.over = current?.checkpoint ?? this.over\n    this.current',
    ),
  },
  {
    id: 'aborted-barriers-align',
    invariant: 'C2',
    what: 'a barrier of a checkpoint that was given up begins an alignment',
    edits: edit(
      alignment,
      'if (checkpoint <= this.over || (current && checkpoint < current.checkpoint)) return skip',
      'if (current && checkpoint < current.checkpoint) return skip',
    ),
  },
  {
    id: 'barrier-forwarded-late',
    invariant: 'C3',
    what: 'the barrier goes on when the snapshot is encoded, behind records that are not in it',
    edits: [
      {
        file: task,
        find: 'this.forward(barrier)\n    this.forwarded',
        replace: 'this.forwarded',
      },
      {
        file: task,
        find: 'this.checkpoint = undefined\n    void this.upload(checkpoint)',
        replace:
          'this.checkpoint = undefined\n    this.forward(checkpoint.barrier)\n    void this.upload(checkpoint)',
      },
    ],
  },
  {
    id: 'barrier-forwarded-early',
    invariant: 'C3',
    what: 'a task forwards the first barrier that comes, before its own inputs are aligned',
    edits: edit(
      'actors/worker/build-task.ts',
      "aligning: (barrier) => hit(context, 'task.mid-alignment', barrier),",
      'aligning: (barrier) => live().forward(barrier),',
    ),
  },
  {
    id: 'state-captured-late',
    invariant: 'V1',
    what: 'an entry that is not yet in the snapshot is changed without being written first',
    edits: edit(keyed, 'if (entry.mark < this.runningMark) this.preserve(entry)', ''),
  },
  {
    id: 'later-keys-in-the-snapshot',
    invariant: 'V1',
    what: 'keys born after the barrier are written to the snapshot',
    edits: edit(keyed, 'entry.mark = this.marks\n    entry.attached', 'entry.mark = 0\n    entry.attached'),
  },
  {
    id: 'positions-captured-late',
    invariant: 'C3',
    what: "a source's positions are taken when the rest is encoded",
    edits: [
      {
        file: task,
        find: 'new TaskCheckpoint(barrier, chain, head.sections(), this.plan.index, recorded)',
        replace: 'new TaskCheckpoint(barrier, chain, [], this.plan.index, recorded)',
      },
      {
        file: task,
        find: 'sections = await checkpoint.sections()',
        replace: 'sections = [...this.parts.head.sections(), ...(await checkpoint.sections())]',
      },
    ],
  },
  {
    id: 'acknowledged-before-upload',
    invariant: 'C5',
    what: 'a task acknowledges while its parts are being written',
    edits: edit(
      deployment,
      'await writeParts(store.parts, files)',
      'void writeParts(store.parts, files).catch(() => undefined)',
    ),
  },
  {
    id: 'one-task-missing',
    invariant: 'C5',
    what: 'a checkpoint is complete although one task did not acknowledge',
    edits: edit(
      coordinator,
      'const acknowledged = { index, snapshot: fact.snapshot, before: phase.acknowledged }\n  if (answers.missing > 0)',
      'const acknowledged = { index, snapshot: fact.snapshot, before: phase.acknowledged }\n  if (answers.missing > 1)',
    ),
  },
  {
    id: 'complete-before-the-manifest',
    invariant: 'C5',
    what: 'tasks are told that a checkpoint is complete before its manifest is in the log',
    edits: edit(
      coordinator,
      "commands: [{ kind: 'writeManifest', manifest }],",
      "commands: [{ kind: 'tellComplete', checkpoint, manifest }, { kind: 'writeManifest', manifest }],",
    ),
  },
  {
    id: 'complete-without-the-manifest',
    invariant: 'C5',
    what: 'a manifest that could not be written counts as written',
    edits: edit(
      coordinator,
      "if (outcome.kind === 'created') return complete(state, phase, now)\n    const what",
      "if (outcome.kind !== 'superseded') return complete(state, phase, now)\n    const what",
    ),
  },
  {
    id: 'damage-not-noticed',
    invariant: 'C5',
    what: 'what is read of a state part is not compared with its digests',
    edits: [
      {
        file: 'snapshot/parts.ts',
        find: 'if (digest !== info.digest) throw',
        replace: "if (digest === '') throw",
      },
      { file: 'snapshot/parts.ts', find: 'if (found !== crc) throw', replace: 'if (found < 0) throw' },
    ],
  },
  {
    id: 'commit-before-completion',
    invariant: 'C6',
    what: 'a task commits when it has acknowledged',
    edits: edit(
      task,
      'await this.parts.events.upload(checkpoint.barrier, sections)',
      'await this.parts.events.upload(checkpoint.barrier, sections)\n      await this.complete(checkpoint.barrier.checkpoint)',
    ),
  },
  {
    id: 'restore-tells-nobody',
    invariant: 'C6',
    what: 'after a restore nobody is told that the checkpoint is complete',
    edits: edit(
      'snapshot/coordinator-state.ts',
      'return { state, commands: again ? [again] : [] }',
      'return { state, commands: again && !again ? [again] : [] }',
    ),
  },
  {
    id: 'late-answers-count',
    invariant: 'C8',
    what: 'an acknowledgement of an older checkpoint counts for the one in flight',
    edits: edit(
      coordinator,
      "const index = indexOf(state, fact.task)\n  if (phase.kind !== 'collecting' || phase.checkpoint !== fact.checkpoint) return { state, commands: [] }",
      "const index = indexOf(state, fact.task)\n  if (phase.kind !== 'collecting') return { state, commands: [] }",
    ),
  },
  {
    id: 'failure-aborts-the-job',
    invariant: 'C8',
    what: 'one checkpoint that fails ends the job',
    edits: edit(
      coordinator,
      'if (failuresInARow < options.failuresMax) return { state: next, commands: [command] }',
      'if (failuresInARow < 1) return { state: next, commands: [command] }',
    ),
  },
  {
    id: 'abort-told-to-nobody',
    invariant: 'C8',
    what: 'tasks are not told that a checkpoint was given up',
    edits: edit(deployment, 'for (const task of this.tasks) task.abort(checkpoint)', 'void checkpoint'),
    survives: 'the next barrier ends an alignment as well (C2): an abort only saves time',
  },
]
