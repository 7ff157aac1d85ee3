/** Unaligned checkpoints: C4. */
import { edit, type Mutant } from '../mutant.ts'

const inputs = 'actors/task/input-head.ts'

export const channelMutants: readonly Mutant[] = [
  {
    id: 'channels-not-awaited',
    invariant: 'C4',
    what: 'a task acknowledges before everything that precedes the barrier has come',
    edits: [
      {
        file: 'actors/task/task-channels.ts',
        find: 'if (this.channels.some(({ state }) => !state.complete)) return undefined',
        replace: '',
      },
      {
        file: 'transport/channel-recording.ts',
        find: "invariant(this.complete, 'C4: a channel is encoded once all that precedes the barrier is there')",
        replace: '',
      },
    ],
  },
  {
    id: 'channels-forgotten',
    invariant: 'C4',
    what: 'what a barrier overtook is not in the checkpoint',
    edits: edit(
      inputs,
      'return state ? [{ input, state }] : []',
      'return state && !state ? [{ input, state }] : []',
    ),
  },
  {
    id: 'rest-of-the-batch-forgotten',
    invariant: 'C4',
    what: 'the rest of a batch that is being worked on is no channel state',
    edits: edit(inputs, 'record(checkpoint, this.rest(input))', 'record(checkpoint)'),
  },
  {
    id: 'whole-batch-kept',
    invariant: 'C4',
    what: 'a batch that is half worked on is channel state as a whole',
    edits: edit(inputs, 'return [batchAfter(batch, cursor.index)]', 'return [batch]'),
  },
  {
    id: 'replayed-channels-forgotten',
    invariant: 'C4',
    what: 'channel state that was restored and not yet taken is not in the next checkpoint',
    edits: edit(
      'actors/task/replayed-input.ts',
      'this.link.record(checkpoint, [...before, ...[...this.frames].reverse()])',
      'this.link.record(checkpoint, before)',
    ),
  },
  {
    id: 'replayed-channels-reversed',
    invariant: 'C4',
    what: 'channel state comes back in reverse order',
    edits: edit(
      'actors/task/replayed-input.ts',
      'this.frames = [...frames].reverse()',
      'this.frames = [...frames]',
    ),
  },
  {
    id: 'recorded-beyond-the-cut',
    invariant: 'C4',
    what: 'recording goes on behind the barrier',
    edits: edit(
      'transport/channel-recording.ts',
      "case 'barrier':\n        if (item.checkpoint === this.checkpoint) this.finish()",
      "case 'barrier':\n        if (item.checkpoint > this.checkpoint) this.finish()",
    ),
  },
  {
    id: 'overtakes-once-more',
    invariant: 'C4',
    what: 'a barrier that overtook begins an alignment when it comes in its turn',
    edits: edit(
      'snapshot/alignment.ts',
      'const came = current?.checkpoint === checkpoint ? [...this.held] : []\n    this.end(checkpoint)',
      'const came = current?.checkpoint === checkpoint ? [...this.held] : []\n    this.end(checkpoint - 1)',
    ),
  },
  {
    id: 'restored-without-channels',
    invariant: 'C4',
    what: 'a restore leaves channel state out',
    edits: edit(
      'actors/worker/build-task.ts',
      'return onTheWay.length === 0 ? input : new ReplayedInput(input, onTheWay)',
      'return onTheWay.length >= 0 ? input : new ReplayedInput(input, onTheWay)',
    ),
  },
]
