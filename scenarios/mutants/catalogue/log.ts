/** Who is in charge: E1 to E6, and what a restore reads: C7, C9. */
import { edit, type Mutant } from '../mutant.ts'

const claim = 'snapshot/log/claim.ts'
const writer = 'snapshot/log/term-writer.ts'
const folder = 'snapshot/stores/file-folder.ts'
const attempt = 'actors/job/attempt.ts'
const coordinator = 'snapshot/coordinator.ts'

export const logMutants: readonly Mutant[] = [
  {
    id: 'history-before-the-claim',
    invariant: 'E1',
    what: 'a coordinator reads the log before it has claimed its term',
    edits: edit(
      'actors/job/job-log.ts',
      'const writer = await claimTerm(store.log, { holder: randomToken(random, 20), atMs: clock.wallMs() })\n  return new JobLog({ store, writer, history: await readHistory(store.log), keep, timers, log })',
      'const history = await readHistory(store.log)\n  const writer = await claimTerm(store.log, { holder: randomToken(random, 20), atMs: clock.wallMs() })\n  return new JobLog({ store, writer, history, keep, timers, log })',
    ),
  },
  {
    id: 'slots-overwritten',
    invariant: 'E2',
    what: 'a slot that is taken is taken again',
    edits: edit(
      folder,
      "if (systemCode(cause) === 'EEXIST') return 'taken'",
      "if (systemCode(cause) === 'EEXIST') {\n      await files.unlink(to)\n      await files.link(from, to)\n      return 'created'\n    }",
    ),
  },
  {
    id: 'slots-not-synced',
    invariant: 'E2',
    what: 'a slot or part is told durable before its name is',
    edits: edit(
      folder,
      'const outcome = await linkOnce(files, folder, temporary, join(folder, name))\n  try {\n    await files.syncFolder(folder)',
      'const outcome = await linkOnce(files, folder, temporary, join(folder, name))\n  try {',
    ),
  },
  {
    id: 'content-not-synced',
    invariant: 'C5',
    what: 'the content of a slot or part is not synced before it gets its name',
    edits: edit(
      folder,
      'for (const block of blocksOf(chunks)) await handle.append(block)\n      await handle.sync()',
      'for (const block of blocksOf(chunks)) await handle.append(block)',
    ),
  },
  {
    id: 'no-seals',
    invariant: 'E3',
    what: 'a takeover leaves the older term open',
    edits: edit(claim, 'if (lower < term) await sealTerm(slots, lower, term)', ''),
  },
  {
    id: 'superseded-goes-on',
    invariant: 'E3',
    what: 'a coordinator whose slot another one took goes on in the next slot',
    edits: edit(
      writer,
      "this.state = { kind: 'superseded', error: superseded }\n    throw superseded",
      "if (superseded) return this.advance({ kind: 'created', slot: this.slot })\n    throw superseded",
    ),
  },
  {
    id: 'unknown-is-failed',
    invariant: 'E4',
    what: 'a write whose outcome is unknown counts as not done',
    edits: edit(
      writer,
      "this.state = { kind: 'undecided', bytes, error }\n      return this.decide()",
      "this.state = { kind: 'open' }\n      return { kind: 'failed', error }",
    ),
  },
  {
    id: 'unknown-is-done',
    invariant: 'E4',
    what: 'a write whose outcome is unknown counts as done',
    edits: edit(
      writer,
      "this.state = { kind: 'undecided', bytes, error }\n      return this.decide()",
      "return this.advance({ kind: 'created', slot: this.slot })",
    ),
  },
  {
    id: 'writes-not-settled',
    invariant: 'E4',
    what: 'an attempt is followed by the next while a write to the log is under way',
    edits: edit(attempt, 'await log.settled()', ''),
  },
  {
    id: 'words-of-any-epoch',
    invariant: 'E5',
    what: 'the coordinator takes what tasks of an older deployment said',
    edits: edit(
      attempt,
      "if (!('epoch' in message) || !sameEpoch(message.epoch, this.parts.epoch)) return",
      "if (!('epoch' in message)) return",
    ),
  },
  {
    id: 'checkpoint-ids-again',
    invariant: 'E6',
    what: 'a coordinator counts checkpoints from 1 again',
    edits: edit(
      attempt,
      'newest: Math.max(highestCheckpoint(log.history), idsUsed.newest),',
      'newest: restore?.manifest.checkpoint ?? 0,',
    ),
    survives:
      'an id that was started and never completed may be used again by another epoch: parts and staged files carry the epoch, so nothing meets',
  },
  {
    id: 'same-checkpoint-id',
    invariant: 'E6',
    what: 'a checkpoint that follows an aborted one gets its id',
    edits: edit(
      coordinator,
      "phase: { kind: 'idle' },\n    failuresInARow,",
      "phase: { kind: 'idle' },\n    newest: run.checkpoint - 1,\n    failuresInARow,",
    ),
  },
  {
    id: 'staged-names-without-epoch',
    invariant: 'E6',
    what: 'staged files are named without the attempt',
    edits: edit(
      'operators/sinks/jsonl/handle.ts',
      '`.staged-${epochLabel(epoch)}-${taskIndex}-${sequence}.jsonl`',
      '`.staged-${epochLabel({ ...epoch, attempt: 1 })}-${taskIndex}-${sequence}.jsonl`',
    ),
  },
  {
    id: 'older-checkpoint',
    invariant: 'C7',
    what: 'a restore takes the last checkpoint but one',
    edits: edit(
      'snapshot/recovery.ts',
      'const { history, term } = facts\n  const newest = history.checkpoints.at(-1)',
      'const { history, term } = facts\n  const newest = history.checkpoints.at(-2) ?? history.checkpoints.at(-1)',
    ),
  },
  {
    id: 'offsets-of-the-start',
    invariant: 'C7',
    what: 'a restore takes state, but no positions, from the checkpoint',
    edits: edit(
      'actors/worker/assign-splits.ts',
      "if (section.scope.kind !== 'split') continue",
      "if (section.scope.kind !== 'split' || !section.scope.split.endsWith('!')) continue",
    ),
  },
  {
    id: 'newest-collected',
    invariant: 'C9',
    what: 'retention keeps the oldest checkpoints',
    edits: edit(
      'snapshot/retention.ts',
      'index >= newest || manifest.savepoint',
      'index < keep || manifest.savepoint',
    ),
  },
  {
    id: 'parts-collected',
    invariant: 'C9',
    what: 'collection takes parts that a kept checkpoint names',
    edits: edit(
      'snapshot/retention.ts',
      '.filter((name) => !named.has(name)),',
      '.concat([...named].slice(0, 1)),',
    ),
  },
]
