/** Two workers, one link between them, in virtual time: what tests and checkers of the link protocol share. */
import type { Element } from '../../core/elements.ts'
import { linkId, stepName, taskId, termNumber, workerId } from '../../core/ids.ts'
import type { Log } from '../../core/log.ts'
import { silentLog } from '../../core/log.ts'
import { seededRandom } from '../../core/simulated/random.ts'
import { virtualTime, type VirtualTime } from '../../core/simulated/time.ts'
import { FramedLinks, type FramedLinksOptions } from '../framed/framed-links.ts'
import type { LinkSpec } from '../link.ts'
import { memoryChannels, type NetworkFaults, type SimulatedNetwork } from './memory-channels.ts'

export interface LinkPair {
  readonly time: VirtualTime
  readonly network: SimulatedNetwork
  readonly sending: FramedLinks
  readonly receiving: FramedLinks
  /** Runs what is due until `done`, or for `ms` of virtual time; false when `done` did not come true. */
  run(options: { readonly ms: number; readonly done?: () => boolean }): boolean
}

export interface LinkPairOptions extends Partial<Omit<FramedLinksOptions, 'channel' | 'ports'>> {
  readonly seed?: number
  readonly faults?: NetworkFaults
  readonly messageBytesMax?: number
  readonly log?: Log
}

export function linkPair(options: LinkPairOptions = {}): LinkPair {
  const { seed = 1, faults = {}, messageBytesMax, log = silentLog, ...links } = options
  const time = virtualTime()
  const network = memoryChannels({
    clock: time,
    timers: time,
    random: seededRandom(seed),
    faults,
    ...(messageBytesMax === undefined ? {} : { messageBytesMax }),
  })
  const ports = { clock: time, timers: time, log }
  return {
    time,
    network,
    sending: new FramedLinks({ channel: network.channel('w0'), ports, ...links }),
    receiving: new FramedLinks({ channel: network.channel('w1'), ports, ...links }),
    run({ ms, done = () => false }) {
      const untilMs = time.monotonicMs() + ms
      while (!done() && time.monotonicMs() < untilMs && time.runNext());
      return done()
    },
  }
}

/** Link `id` from `w0` to `w1`. */
export function specOf(id = 0, attempt = 1): LinkSpec {
  return {
    id: linkId(id),
    epoch: { term: termNumber(1), attempt },
    from: taskId(stepName('a'), 0),
    fromWorker: workerId('w0'),
    to: taskId(stepName('b'), id),
    toWorker: workerId('w1'),
  }
}

/** Elements as one list of records and signals, however they were batched. */
export const flatten = (elements: readonly Element[]): unknown[] =>
  elements.flatMap((element): readonly unknown[] => (element.kind === 'batch' ? element.records : [element]))
