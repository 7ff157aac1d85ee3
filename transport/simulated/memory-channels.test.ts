import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/simulated/random.ts'
import { virtualTime } from '../../core/simulated/time.ts'
import { memoryChannels, type NetworkFaults } from './memory-channels.ts'

/** Two addresses, and what each heard: `a>1` is message 1 from a. */
function pair(faults: NetworkFaults = { delayMsMin: 1, delayMsMax: 1 }) {
  const time = virtualTime()
  const network = memoryChannels({ clock: time, timers: time, random: seededRandom(1), faults })
  const heard: string[] = []
  const [a, b] = ['a', 'b'].map((self) => {
    const channel = network.channel(self)
    const other = self === 'a' ? 'b' : 'a'
    channel.onControl((bytes) => heard.push(`${other}>${bytes[0]}`))
    channel.onStatus((status) => heard.push(`${self} ${status}`))
    return { channel, say: (what: number) => channel.publishControl(other, Uint8Array.of(what)) }
  })
  const run = (ms = 10): readonly string[] => {
    time.after(ms, () => undefined)
    while (time.runNext());
    return heard.splice(0)
  }
  if (!a || !b) throw new Error('two channels')
  return { a, b, network, run }
}

describe('a network in memory', () => {
  it('a cut loses one direction only, and nobody is told', () => {
    const { a, b, network, run } = pair()
    network.cut('a', 'out')
    a.say(1)
    b.say(2)
    expect(run()).toEqual(['b>2'])
    network.cut('a', 'in')
    a.say(3)
    b.say(4)
    expect([run(), a.channel.connected]).toEqual([['a>3'], true])
    network.mend('a')
    a.say(5)
    b.say(6)
    expect(run()).toEqual(['a>5', 'b>6'])
  })

  it('what is on its way is lost where it is cut before it arrives', () => {
    const { a, network, run } = pair()
    a.say(1)
    network.cut('b', 'in')
    expect(run()).toEqual([])
  })

  it('a server that restarts loses all that is on its way, and both ends hear of it', () => {
    const { a, b, network, run } = pair()
    a.say(1)
    network.stopServer()
    b.say(2)
    expect(run()).toEqual(['a disconnected', 'b disconnected'])
    network.reconnect('a')
    const late = network.channel('c')
    expect([a.channel.connected, late.connected]).toEqual([false, false])
    network.startServer()
    b.say(3)
    expect([run(), late.connected]).toEqual([['a connected', 'b connected', 'b>3'], true])
  })

  it('keeps the order of a publisher, unless messages are told not to wait', () => {
    const order = (faults: NetworkFaults): readonly string[] => {
      const { a, run } = pair(faults)
      for (let i = 0; i < 50; i += 1) a.say(i)
      return run(100)
    }
    const sorted = Array.from({ length: 50 }, (_, i) => `a>${i}`)
    expect(order({ delayMsMax: 40 })).toEqual(sorted)
    const mixed = order({ delayMsMax: 40, reorderRate: 0.3 })
    expect(mixed).not.toEqual(sorted)
    expect([...mixed].sort()).toEqual([...sorted].sort())
  })
})
