/** The link protocol under random loss, duplication, corruption, delay and disconnects: one seed, one schedule. */
import { describe, expect, it, vi } from 'vitest'
import type { Element } from '../../core/elements.ts'
import { checkpointId } from '../../core/ids.ts'
import type { Random } from '../../core/ports/random.ts'
import { below, unit } from '../../core/ports/random.ts'
import { seededRandom } from '../../core/simulated/random.ts'
import { elementOf, readChannel } from '../channel-recording.ts'
import type { ChannelState } from '../link.ts'
import { flatten, linkPair, specOf, type LinkPair } from '../simulated/link-pair.ts'

const seeds = Number(process.env['MILLRACE_SEEDS'] ?? 80)
const credit = { reserveBytes: 8_000, windowBytesMax: 32_000, budgetBytes: 60_000 }
const elementsMax = 250

interface Traffic {
  readonly sent: unknown[]
  readonly received: unknown[]
  readonly recordings: readonly { readonly state: ChannelState }[]
  sendSome(): void
  takeSome(): void
  /** Everything sent, taken and acknowledged. */
  readonly complete: boolean
  check(): void
  state(): unknown
}

const isWatermark = (item: unknown): boolean => (item as { kind?: unknown } | undefined)?.kind === 'watermark'

/** Of watermarks with nothing in between only the last matters; some arrive merged. */
const mergeWatermarks = (items: readonly unknown[]): unknown[] =>
  items.filter((item, i) => !(isWatermark(item) && isWatermark(items[i + 1])))

function openTraffic(pair: LinkPair, random: Random, id: number): Traffic {
  const fail = vi.fn()
  const output = pair.sending.openOutput(specOf(id), { wake: () => undefined, fail })
  const input = pair.receiving.openInput(specOf(id), { wake: () => undefined, fail })
  const sent: unknown[] = []
  const received: unknown[] = []
  const takenElements: Element[] = []
  const slow = unit(random) < 0.3
  const recorded: { readonly checkpoint: number; readonly at: number; readonly state: ChannelState }[] = []
  let unaligned = 0
  let next = 0
  let overshootMax = 0

  const sendOne = (): void => {
    const dice = unit(random)
    next += 1
    if (dice < 0.1) {
      const barrier = { kind: 'barrier' as const, checkpoint: checkpointId(next), final: false }
      sent.push(barrier)
      output.sendSignal(barrier)
      if (unit(random) < 0.6) unaligned = next
    } else if (dice < 0.25) {
      const watermark = { kind: 'watermark' as const, atMs: next }
      sent.push(watermark)
      output.sendSignal(watermark)
    } else {
      const records = Array.from({ length: 1 + below(random, 20) }, (_, i) => ({
        n: next * 100 + i,
        fill: 'x'.repeat(below(random, 120)),
      }))
      sent.push(...records)
      const before = output.stats.queuedBytes
      output.sendBatch(records)
      overshootMax = Math.max(overshootMax, output.stats.queuedBytes - before)
    }
  }
  /** C4: as a task does that takes the barrier as soon as it knows of it. */
  const record = (): void => {
    const { ahead } = input
    if (!ahead || ahead.checkpoint <= (recorded.at(-1)?.checkpoint ?? 0)) return
    const taken = received.some((item) => (item as { checkpoint?: number }).checkpoint === ahead.checkpoint)
    if (taken || (recorded.length > 0 && !recorded.at(-1)?.state.complete && unit(random) < 0.9)) return
    const { checkpoint } = ahead
    recorded.push({ checkpoint, at: received.length, state: input.record(checkpoint) })
  }
  /** C4: what was recorded is exactly what was sent before the barrier and not taken before the recording. */
  const checkRecorded = (): void => {
    for (const [i, { checkpoint, at, state }] of recorded.entries()) {
      if (!state.complete) {
        expect(i).toBeLessThan(recorded.length - 1)
        continue
      }
      const cut = received.findIndex((item) => (item as { checkpoint?: number }).checkpoint === checkpoint)
      const expected = received.slice(at, cut).filter((item) => (item as Element).kind !== 'barrier')
      const bytes = Buffer.concat([...state.frames()])
      expect(flatten([...readChannel(bytes)].map(elementOf))).toEqual(expected)
    }
  }
  return {
    sent,
    received,
    recordings: recorded,
    sendSome() {
      for (let i = below(random, 12); i > 0 && next < elementsMax && output.hasRoom; i -= 1) sendOne()
      if (unaligned > 0 && unit(random) < 0.5) output.overtake(checkpointId(unaligned))
    },
    takeSome() {
      record()
      for (let i = slow ? below(random, 2) : below(random, 20); i > 0; i -= 1) {
        const element = input.take()
        if (!element) return
        takenElements.push(element)
        received.push(...flatten([element]))
      }
    },
    get complete() {
      return next >= elementsMax && output.drained && input.peek() === undefined
    },
    state: () => ({ next, output: output.stats, input: input.stats }),
    check() {
      expect(fail).not.toHaveBeenCalled()
      checkRecorded()
      expect(mergeWatermarks(received)).toEqual(mergeWatermarks(sent))
      const { sent: sentNumber, acknowledged, queuedBytesMax } = output.stats
      expect(acknowledged).toBe(sentNumber)
      expect(input.stats.received).toBe(sentNumber)
      const windowBytesMax = credit.windowBytesMax + (unaligned > 0 ? credit.reserveBytes : 0)
      expect(queuedBytesMax).toBeLessThanOrEqual(windowBytesMax + overshootMax)
      expect(input.stats.queuedBytesMax).toBeLessThanOrEqual(windowBytesMax)
    },
  }
}

/** How many channels were recorded. */
function runSeed(seed: number): number {
  const random = seededRandom(seed)
  const pair = linkPair({
    seed: seed + 1_000_000,
    credit,
    linkTimeoutMs: 600_000,
    faults: {
      lossRate: unit(random) * 0.3,
      duplicateRate: unit(random) * 0.2,
      corruptRate: unit(random) * 0.1,
      delayMsMin: 0,
      delayMsMax: unit(random) < 0.2 ? 1_000 : 5,
    },
  })
  const traffics = Array.from({ length: 1 + below(random, 3) }, (_, id) => openTraffic(pair, random, id))
  const flaps = unit(random) < 0.5
  const complete = (): boolean => traffics.every((traffic) => traffic.complete)
  // The schedule itself is bounded: a protocol that stops making progress does not pass by waiting.
  for (let turns = 0; !complete(); turns += 1) {
    if (turns > 20_000) throw new Error(`no end: ${JSON.stringify(traffics.map((each) => each.state()))}`)
    for (const traffic of traffics) {
      traffic.sendSome()
      traffic.takeSome()
    }
    if (flaps && unit(random) < 0.02) pair.network.disconnect(unit(random) < 0.5 ? 'w0' : 'w1')
    if (flaps && unit(random) < 0.2) {
      pair.network.reconnect('w0')
      pair.network.reconnect('w1')
    }
    const untilMs = pair.time.monotonicMs() + below(random, 20)
    pair.time.after(untilMs - pair.time.monotonicMs(), () => undefined)
    while (pair.time.monotonicMs() < untilMs && pair.time.runNext());
    pair.time.runNext()
  }
  for (const traffic of traffics) traffic.check()
  return traffics.flatMap(({ recordings }) => recordings).filter(({ state }) => state.complete).length
}

describe('framed links, simulated', () => {
  it('L1–L4, C4: every element arrives once, in order, within the grant; channel state = sent − taken', () => {
    let recordings = 0
    for (let seed = 1; seed <= seeds; seed += 1) {
      try {
        recordings += runSeed(seed)
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
    }
    expect(recordings).toBeGreaterThan(seeds * 2)
  })

  it('the same seed gives the same run', () => {
    const counts = [0, 0].map(() => {
      const random = seededRandom(7)
      const pair = linkPair({ seed: 7, faults: { lossRate: 0.2, delayMsMax: 10 } })
      const traffic = openTraffic(pair, random, 0)
      for (let i = 0; i < 500; i += 1) {
        traffic.sendSome()
        traffic.takeSome()
        pair.run({ ms: 3 })
      }
      return [pair.network.published, pair.network.lost, pair.time.monotonicMs(), traffic.received.length]
    })
    expect(counts[0]).toEqual(counts[1])
  })
})
