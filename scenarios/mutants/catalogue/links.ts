/** Links and control: L1 to L6. */
import { edit, type Mutant } from '../mutant.ts'

const receiver = 'transport/framed/receiver.ts'
const sender = 'transport/framed/sender.ts'
const outbox = 'transport/framed/outbox.ts'
const links = 'transport/framed/framed-links.ts'
const conversation = 'actors/kit/conversation.ts'

export const linkMutants: readonly Mutant[] = [
  {
    id: 'frames-after-a-gap',
    invariant: 'L1',
    what: 'a receiver takes a frame although one before it is missing',
    edits: edit(receiver, '} else if (frame.first > this.received) {', '} else if (frame.first < 0) {'),
  },
  {
    id: 'resent-out-of-order',
    invariant: 'L1',
    what: 'a sender that must resend begins with the second of what is missing',
    edits: edit(
      outbox,
      'rewind(): void {\n    this.unsentIndex = 0',
      'rewind(): void {\n    this.unsentIndex = Math.min(1, this.items.length)',
    ),
  },
  {
    id: 'duplicate-frames',
    invariant: 'L2',
    what: 'a receiver takes a frame that it has had',
    edits: edit(receiver, '} else if (frame.first < this.received) {', '} else if (frame.first < 0) {'),
  },
  {
    id: 'batch-counts-as-one',
    invariant: 'L2',
    what: 'a receiver counts a batch as one element',
    edits: edit(receiver, "this.received += frame.kind === 'batch' ? frame.count : 1", 'this.received += 1'),
  },
  {
    id: 'acknowledged-too-far',
    invariant: 'L2',
    what: 'a gap is answered as if nothing were missing',
    edits: edit(
      receiver,
      'this.askedAt = this.received\n      this.ask()',
      'this.received = frame.first\n      this.ask()',
    ),
  },
  {
    id: 'frames-forgotten-when-sent',
    invariant: 'L4',
    what: 'a sender keeps no frame for a resend',
    edits: edit(outbox, 'this.unsentIndex += 1\n    const end', 'this.items.shift()\n    const end'),
  },
  {
    id: 'no-probes',
    invariant: 'L4',
    what: 'a sender without progress does not ask where the receiver stands',
    edits: edit(sender, 'if (!this.progressed) this.probe()', ''),
  },
  {
    id: 'losses-not-proven',
    invariant: 'L4',
    what: 'an answer that proves a loss causes no resend',
    edits: edit(sender, 'this.outbox.rewind()', 'if (this.outbox.acknowledged === 0) this.outbox.rewind()'),
  },
  {
    id: 'frames-of-any-epoch',
    invariant: 'L5',
    what: 'a link takes the frames of an older deployment',
    edits: edit(
      links,
      'if (receiver && sameEpoch(receiver.spec.epoch, frame.epoch)) return receiver.onFrame(frame)',
      'if (receiver) return receiver.onFrame(frame)',
    ),
  },
  {
    id: 'control-sent-once',
    invariant: 'L6',
    what: 'a control message that was lost is not sent again',
    edits: edit(conversation, 'for (const message of this.unacknowledged) this.transmit(message)', ''),
  },
  {
    id: 'control-acknowledged-ahead',
    invariant: 'L6',
    what: 'a control message acknowledges one more than was heard',
    edits: edit(
      conversation,
      'number, next: this.nextExpected, body',
      'number, next: this.nextExpected + 1, body',
    ),
  },
  {
    id: 'control-after-a-gap',
    invariant: 'L6',
    what: 'a control message is taken although one before it is missing',
    edits: edit(
      conversation,
      'const next = number === this.nextExpected\n    if (next) this.nextExpected += 1',
      'const next = number >= this.nextExpected\n    if (next) this.nextExpected = number + 1',
    ),
  },
]
