/**
 * Frames: what a link sends between processes. One message carries one element, or a question about the link,
 * or the answer to one. A header of `frameHeaderBytes`, little-endian, then the payload:
 *
 * | at | bytes | field |
 * |---|---|---|
 * | 0 | 4 | magic `MILL` |
 * | 4 | 1 | format version |
 * | 5 | 1 | kind |
 * | 6 | 2 | flags: 1 where a batch's records have event times, or a watermark is idle; else 0 |
 * | 8 | 4 | epoch: term |
 * | 12 | 4 | epoch: attempt |
 * | 16 | 4 | link |
 * | 20 | 4 | count: how many numbers the element takes |
 * | 24 | 8 | first: number of the first of them |
 * | 32 | 4 | payload length |
 * | 36 | 4 | CRC-32 of the header before it and of the payload |
 *
 * Payloads: batch `encodeBatch`, and event times behind it (`times.ts`) if it has any; watermark f64; barrier
 * checkpoint u64, final u8; probe id u32, sent u64; answer probe id u32, received u64, granted u64; overtake
 * checkpoint u64, cut u64; end none. A u64 here is a safe integer.
 *
 * Nothing of a frame is believed before its length and checksum are right; the payload of a batch is not
 * decoded here.
 */
import { MillraceError } from '../../core/errors.ts'
import type { CheckpointId, Epoch, LinkId } from '../../core/ids.ts'

export const frameHeaderBytes = 40

/** Which frame of which link. */
export interface FrameHead {
  readonly epoch: Epoch
  /** An answer carries the id of the link that it is about, against its direction. */
  readonly link: LinkId
  /** Number of the first element in the frame; of the barrier that overtakes; 0 for probes and answers. */
  readonly first: number
}

export type FrameContent =
  | { readonly kind: 'batch'; readonly count: number; readonly payload: Uint8Array; readonly timed?: boolean }
  | { readonly kind: 'watermark'; readonly atMs: number; readonly idle?: boolean }
  | { readonly kind: 'barrier'; readonly checkpoint: CheckpointId; readonly final: boolean }
  | { readonly kind: 'end' }
  /** Sender to receiver: where are you? `sent` is the number of the sender's next element. */
  | { readonly kind: 'probe'; readonly probeId: number; readonly sent: number }
  /** Receiver to sender, absolute (L2): the number expected next, and bytes granted since number 0. */
  | {
      readonly kind: 'answer'
      /** The probe that this answers, or 0. */
      readonly probeId: number
      readonly received: number
      readonly granted: number
    }
  /**
   * Sender to receiver, outside the numbering (C4): the barrier with number `first` is on its way, behind `cutBytes`
   * bytes of batches since number 0.
   */
  | { readonly kind: 'overtake'; readonly checkpoint: CheckpointId; readonly cutBytes: number }

export type Frame = FrameHead & FrameContent

/**
 * Why bytes are no frame; all transient, for a damaged message is resent. `FRAME_FIELD`: the checksum is right
 * and a field is not, as from a faulty writer.
 */
export type FrameErrorCode =
  | 'FRAME_TRUNCATED'
  | 'FRAME_MAGIC'
  | 'FRAME_VERSION'
  | 'FRAME_KIND'
  | 'FRAME_LENGTH'
  | 'FRAME_CHECKSUM'
  | 'FRAME_OVERSIZED'
  | 'FRAME_FIELD'

export class FrameError extends MillraceError<FrameErrorCode> {
  constructor(code: FrameErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(code, message, { retry: 'retry', details })
  }
}
