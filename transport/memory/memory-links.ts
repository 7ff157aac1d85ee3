/** Links between tasks of one worker, by reference. Either end may be opened first. */
import type { LinkId } from '../../core/ids.ts'
import { epochLabel } from '../../core/ids.ts'
import { limits } from '../../core/limits.ts'
import { ChannelRecording } from '../channel-recording.ts'
import { LinkError } from '../errors.ts'
import type { LinkInput, LinkOutput, Links, LinkSpec } from '../link.ts'
import { inspectBatch } from './inspect.ts'
import { Pipe } from './pipe.ts'

export interface MemoryLinksOptions {
  /** Per link. Default: four full batches. */
  readonly windowBytes?: number
  /** Checks and freezes every record, not only the first of each batch. */
  readonly debug?: boolean
}

interface Ends {
  readonly pipe: Pipe
  readonly open: Set<'output' | 'input'>
  closed: boolean
}

const batchBytes = limits.batchRecordsMax * limits.recordBytesNominal

export function memoryLinks(options: MemoryLinksOptions = {}): Links {
  const windowBytes = options.windowBytes ?? 4 * batchBytes
  if (!(windowBytes >= batchBytes)) {
    throw new RangeError(`windowBytes must be at least one full batch (${batchBytes}), got ${windowBytes}`)
  }
  const debug = options.debug ?? false
  const links = new Map<string, Ends>()

  const endsOf = (spec: LinkSpec, end: 'output' | 'input'): Ends => {
    const key = `${spec.id}@${epochLabel(spec.epoch)}`
    let ends = links.get(key)
    if (!ends) links.set(key, (ends = { pipe: new Pipe(windowBytes), open: new Set(), closed: false }))
    if (ends.open.has(end) || ends.closed) throw alreadyOpen(spec.id, end)
    ends.open.add(end)
    return ends
  }
  /** A link with one end gone passes nothing any more; with both gone it is forgotten. */
  const closeEnd = (spec: LinkSpec, ends: Ends, end: 'output' | 'input'): void => {
    ends.open.delete(end)
    if (end === 'input' || ends.open.size === 0) ends.closed = true
    if (ends.closed) ends.pipe.clear()
    if (ends.open.size === 0) links.delete(`${spec.id}@${epochLabel(spec.epoch)}`)
  }

  return {
    openOutput(spec, callbacks): LinkOutput {
      const ends = endsOf(spec, 'output')
      const { pipe } = ends
      pipe.wakeWriter = callbacks.wake
      return {
        spec,
        batchRecords: limits.batchRecordsMax,
        get hasRoom() {
          return !ends.closed && pipe.hasRoom
        },
        get drained() {
          return pipe.empty
        },
        sendBatch(records, times) {
          inspectBatch(records, debug)
          if (!ends.closed) pipe.sendBatch(records, times)
        },
        sendSignal(signal) {
          if (!ends.closed) pipe.sendSignal(signal)
        },
        // C4: within a worker every barrier is known at once.
        overtake: () => undefined,
        get stats() {
          const { sent, taken: acknowledged, queuedBytes, queuedBytesMax } = pipe
          return { sent, acknowledged, queuedBytes, queuedBytesMax, resentFrames: 0 }
        },
        close() {
          pipe.wakeWriter = undefined
          closeEnd(spec, ends, 'output')
        },
      }
    },
    openInput(spec, callbacks): LinkInput {
      const ends = endsOf(spec, 'input')
      const { pipe } = ends
      pipe.wakeReader = callbacks.wake
      return {
        spec,
        peek: () => pipe.peek(),
        take: () => pipe.take(),
        get ahead() {
          return pipe.barrier
        },
        record(checkpoint, before) {
          const recording = new ChannelRecording(spec, checkpoint, before)
          pipe.record(recording)
          return recording
        },
        get stats() {
          const { sent: received, queuedBytes, queuedBytesMax } = pipe
          return { received, queuedBytes, queuedBytesMax, droppedStale: 0, droppedDuplicate: 0 }
        },
        close() {
          pipe.wakeReader = undefined
          closeEnd(spec, ends, 'input')
        },
      }
    },
    droppedStale: 0,
    close() {
      for (const ends of links.values()) {
        ends.closed = true
        ends.pipe.clear()
      }
      links.clear()
    },
  }
}

const alreadyOpen = (id: LinkId, end: string): LinkError =>
  new LinkError('LINK_OPEN', `the ${end} of link ${id} is open or was closed in this epoch already`, {
    retry: 'fatal',
    details: { link: id, end },
  })
