/**
 * A network in memory with the faults of core NATS: what is lost is lost in silence, what arrives keeps the order
 * of its publisher (unless `reorderRate` says otherwise), and a dial forgets what was on its way. Same seed, same
 * schedule, same result.
 */
import type { Ports } from '../../core/ports/index.ts'
import { below, unit } from '../../core/ports/random.ts'
import { limits } from '../../core/limits.ts'
import type { Address, Channel, ChannelStatus } from '../channel.ts'

export interface NetworkFaults {
  /** Share of messages in [0, 1) that vanish. */
  readonly lossRate?: number
  /** Share of messages in [0, 1) that arrive twice, the second time right after the first. */
  readonly duplicateRate?: number
  /** Share of messages in [0, 1) with one bit flipped. */
  readonly corruptRate?: number
  /** Share of messages in [0, 1) that do not wait for those sent before them. */
  readonly reorderRate?: number
  readonly delayMsMin?: number
  readonly delayMsMax?: number
}

/** Seen from the address that is cut off. */
export type Direction = 'in' | 'out'

export interface SimulatedNetwork {
  /** One channel an address. */
  channel(self: Address): Channel
  /** Everything that `self` publishes or should receive from now on is lost, and what is on its way too. */
  disconnect(self: Address): void
  reconnect(self: Address): void
  /** From now on what `self` publishes (`out`), or should receive (`in`), is lost, and nobody is told. */
  cut(self: Address, direction: Direction): void
  /** Undoes `cut`. */
  mend(self: Address): void
  /** The server ends: everyone is disconnected, whoever dials while it is down too, and what is on its way is lost. */
  stopServer(): void
  startServer(): void
  /** Other faults from now on; `{}` heals. */
  setFaults(faults: NetworkFaults): void
  readonly published: number
  readonly lost: number
}

interface Station {
  readonly self: Address
  connected: boolean
  closed: boolean
  dials: number
  cut: Direction | undefined
  onFrame: (bytes: Uint8Array) => void
  onControl: (bytes: Uint8Array) => void
  readonly onStatus: ((status: ChannelStatus) => void)[]
}

export interface SimulatedNetworkOptions extends Pick<Ports, 'clock' | 'timers' | 'random'> {
  readonly faults?: NetworkFaults
  readonly messageBytesMax?: number
}

export function memoryChannels(options: SimulatedNetworkOptions): SimulatedNetwork {
  const { clock, timers, random } = options
  const stations = new Map<Address, Station>()
  const lastArrivalMs = new Map<string, number>()
  let faults = options.faults ?? {}
  let serving = true
  let published = 0
  let lost = 0

  const hits = (rate: number | undefined): boolean => rate !== undefined && rate > 0 && unit(random) < rate

  const send = (from: Station, to: Address, kind: 'onFrame' | 'onControl', bytes: Uint8Array): void => {
    published += 1
    const target = stations.get(to)
    if (!from.connected || !target || from.cut === 'out' || hits(faults.lossRate)) {
      lost += 1
      return
    }
    const { delayMsMin = 0, delayMsMax = 0 } = faults
    const delayMs = delayMsMin + unit(random) * Math.max(0, delayMsMax - delayMsMin)
    const lane = `${from.self}>${to}`
    let arrivalMs = clock.monotonicMs() + delayMs
    if (!hits(faults.reorderRate)) {
      arrivalMs = Math.max(arrivalMs, lastArrivalMs.get(lane) ?? 0)
      lastArrivalMs.set(lane, arrivalMs)
    }
    const dials = [from.dials, target.dials]
    // Not `slice`: a Buffer's is a view, and the sender keeps its frame.
    const copy = hits(faults.corruptRate)
      ? flipBit(bytes, below(random, bytes.length * 8))
      : new Uint8Array(bytes)
    const copies = hits(faults.duplicateRate) ? 2 : 1
    timers.after(arrivalMs - clock.monotonicMs(), () => {
      const dialled = from.dials !== dials[0] || target.dials !== dials[1]
      if (dialled || !target.connected || target.cut === 'in') lost += 1
      else for (let i = 0; i < copies; i += 1) target[kind](copy)
    })
  }

  const setConnected = (self: Address, connected: boolean): void => {
    const station = stations.get(self)
    if (!station || station.closed || station.connected === connected) return
    station.connected = connected
    station.dials += 1
    for (const handler of station.onStatus) handler(connected ? 'connected' : 'disconnected')
  }

  const setCut = (self: Address, direction: Direction | undefined): void => {
    const station = stations.get(self)
    if (station) station.cut = direction
  }

  return {
    channel(self) {
      const station: Station = {
        self,
        connected: serving,
        closed: false,
        dials: 0,
        cut: undefined,
        onFrame: () => undefined,
        onControl: () => undefined,
        onStatus: [],
      }
      stations.set(self, station)
      return {
        self,
        get connected() {
          return station.connected
        },
        messageBytesMax: options.messageBytesMax ?? limits.frameBytesMax,
        publishFrame: (to, frame) => send(station, to, 'onFrame', frame),
        publishControl: (to, message) => send(station, to, 'onControl', message),
        onFrame: (handler) => void (station.onFrame = handler),
        onControl: (handler) => void (station.onControl = handler),
        onStatus: (handler) => void station.onStatus.push(handler),
        close() {
          setConnected(self, false)
          station.closed = true
          for (const handler of station.onStatus) handler('closed')
          return Promise.resolve()
        },
      }
    },
    disconnect: (self) => setConnected(self, false),
    reconnect: (self) => serving && setConnected(self, true),
    cut: (self, direction) => setCut(self, direction),
    mend: (self) => setCut(self, undefined),
    stopServer() {
      serving = false
      for (const self of stations.keys()) setConnected(self, false)
    },
    startServer() {
      serving = true
      for (const self of stations.keys()) setConnected(self, true)
    },
    setFaults: (next) => void (faults = next),
    get published() {
      return published
    },
    get lost() {
      return lost
    },
  }
}

function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = new Uint8Array(bytes)
  const at = bit >> 3
  if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << (bit & 7))
  return copy
}
