/** Links over a real nats-server. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { connect } from '@nats-io/transport-node'
import { systemClock, systemTimers } from '../../core/system/time.ts'
import { silentLog } from '../../core/log.ts'
import { FramedLinks } from '../framed/framed-links.ts'
import { flatten, specOf } from '../simulated/link-pair.ts'
import { connectNats } from './connect.ts'
import { startEmbeddedNats, type EmbeddedNats } from './embedded.ts'

const ports = { clock: systemClock, timers: systemTimers, log: silentLog }
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

let jobs = 0

/** Two workers of a job of its own, one link from the first to the second. */
async function openPair(url: string) {
  jobs += 1
  const prefix = `mr.test.job${jobs}`
  const channels = await Promise.all(['w0', 'w1'].map((self) => connectNats({ url, prefix, self })))
  const [sending, receiving] = channels.map((channel) => new FramedLinks({ channel, ports }))
  const fail = vi.fn()
  const output = sending!.openOutput(specOf(), { wake: () => undefined, fail })
  const input = receiving!.openInput(specOf(), { wake: () => undefined, fail })
  const close = async (): Promise<void> => {
    sending!.close()
    receiving!.close()
    await Promise.all(channels.map((channel) => channel.close()))
  }
  return { prefix, channels, sending: sending!, receiving: receiving!, output, input, fail, close }
}

type Pair = Awaited<ReturnType<typeof openPair>>

/** Sends 0 … count − 1 and takes them; the order is checked as they come. `onTaken` sees how many were. */
async function stream(pair: Pair, count: number, onTaken?: (taken: number) => Promise<void> | void) {
  let next = 0
  let taken = 0
  while (taken < count || !pair.output.drained) {
    while (pair.output.hasRoom && next < count) {
      const size = Math.min(pair.output.batchRecords, count - next)
      pair.output.sendBatch(
        Array.from({ length: size }, (_, i) => ({ n: next + i, user: `user-${(next + i) % 97}` })),
      )
      next += size
    }
    for (let element = pair.input.take(); element; element = pair.input.take()) {
      for (const record of flatten([element]) as { n: number }[]) {
        if (record.n !== taken) throw new Error(`expected record ${taken}, got ${record.n}`)
        taken += 1
      }
    }
    await onTaken?.(taken)
    await turn()
  }
  return taken
}

describe('links over NATS', () => {
  let server: EmbeddedNats
  beforeAll(async () => {
    server = await startEmbeddedNats()
  })
  afterAll(() => server.stop())

  it('L1: 100,000 records arrive in order, nothing resent', async () => {
    const pair = await openPair(server.url)
    expect(await stream(pair, 100_000)).toBe(100_000)
    expect(pair.output.stats.resentFrames).toBe(0)
    expect(pair.fail).not.toHaveBeenCalled()
    await pair.close()
  })

  it('L4: the server is killed with -9 twice and comes back on its port: every record once, in order', async () => {
    const pair = await openPair(server.url)
    const restarted = vi.fn()
    server.watch({ restarted })
    const killed = new Set<number>()
    const count = 1_000_000
    const taken = await stream(pair, count, (sofar) => {
      // The next kill waits until the restart is known here and healed there.
      if (killed.size === 2 || killed.has(server.pid) || sofar < ((killed.size + 1) * count) / 6) return
      if (!pair.channels.every((channel) => channel.connected && channel.stats.reconnects === killed.size))
        return
      killed.add(server.pid)
      process.kill(server.pid, 'SIGKILL')
    })
    expect(taken).toBe(count)
    expect(killed.size).toBe(2)
    expect(restarted).toHaveBeenCalledTimes(2)
    expect(pair.channels[0]!.stats.reconnects).toBe(2)
    expect(pair.fail).not.toHaveBeenCalled()
    await pair.close()
  })

  it('F2: what a stranger publishes onto the subject is dropped and counted', async () => {
    const pair = await openPair(server.url)
    const stranger = await connect({ servers: server.url })
    for (const garbage of ['', 'garbage', 'MILL'.repeat(100), '\u0000'.repeat(100_000)]) {
      stranger.publish(`${pair.prefix}.w1.d`, garbage)
    }
    await stranger.flush()
    expect(await stream(pair, 1_000)).toBe(1_000)
    await vi.waitFor(() => expect(pair.receiving.stats.droppedMalformed).toBe(3))
    // The one that begins like a frame is of no version that we know.
    expect(pair.receiving.stats.droppedVersion).toBe(1)
    await stranger.close()
    await pair.close()
  })

  it('records above max_payload are refused before they reach the client', async () => {
    const pair = await openPair(server.url)
    expect(() => pair.output.sendBatch(['x'.repeat(2_000_000)])).toThrow(
      expect.objectContaining({ code: 'RECORD_TOO_LARGE' }),
    )
    pair.output.sendBatch(['x'.repeat(1_040_000)])
    await vi.waitFor(() => expect(pair.input.take()).toMatchObject({ kind: 'batch' }))
    await pair.close()
  })
})
