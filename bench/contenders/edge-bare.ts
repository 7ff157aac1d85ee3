/**
 * The bare loop: nats.js and msgpackr, nothing else. One process makes records and publishes frames, the other
 * counts by key and grants bytes, so that the server's and clients' buffers stay bounded and nothing is lost.
 * It has no numbers, checksums, checks of values, resends, barriers or snapshots.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { connect } from '@nats-io/transport-node'
// eslint-disable-next-line no-restricted-imports -- the baseline is what one would write without the engine
import { Packr } from 'msgpackr'
import { crossingKeys, saleMaker, type Sale } from '../data/records.ts'
import { expectEqual, numberOf, textOf, type Contender, type Params } from '../harness/contender.ts'

/** About 20 KB. 256 and 1024 came out within the noise of it, 256 perhaps a little faster. */
const frameRecords = 512
const windowBytes = 4 * 1024 * 1024
const grantBytes = windowBytes / 8
/** The sender lets the event loop write to the socket and read grants after so many frames. */
const framesATurn = 16
const subjects = { frames: 'bench.bare.frames', grants: 'bench.bare.grants' }

/** The counting process, which starts the sending one. */
export const edgeBare: Contender = async (params) => {
  const records = numberOf(params, 'records')
  const warmRecords = numberOf(params, 'warmRecords')
  const connection = await connect({ servers: textOf(params, 'nats') })
  const packr = new Packr({})
  const counts = new Map<string, { n: number }>()
  let seen = 0
  let receivedBytes = 0
  let grantedBytes = 0
  let warmMs = 0
  const counted = new Promise<number>((resolve) => {
    connection.subscribe(subjects.frames, {
      callback: (_error, message) => {
        const frame = packr.unpack(message.data) as Sale[]
        for (const { id, key } of frame) {
          if (id === warmRecords) warmMs = performance.now()
          const count = counts.get(key)
          if (count === undefined) counts.set(key, { n: 1 })
          else count.n += 1
        }
        seen += frame.length
        receivedBytes += message.data.byteLength
        if (receivedBytes - grantedBytes >= grantBytes) {
          grantedBytes = receivedBytes
          connection.publish(subjects.grants, String(grantedBytes + windowBytes))
        }
        if (seen === records) resolve(performance.now())
      },
    })
  })
  await connection.flush()
  const sender = startSender(params)
  const sent = once(sender, 'exit').then(([code]) => expectEqual("the sender's exit code", Number(code), 0))
  const [endedMs] = await Promise.all([counted, sent])
  await connection.close()
  const total = [...counts.values()].reduce((sum, { n }) => sum + n, 0)
  expectEqual('records counted', total, records)
  const tookMs = endedMs - warmMs
  return { value: ((records - warmRecords) / tookMs) * 1000, notes: { records, ms: tookMs } }
}

function startSender(params: Params): ReturnType<typeof spawn> {
  const script = fileURLToPath(new URL('../contender.js', import.meta.url))
  return spawn(process.execPath, [...process.execArgv, script, 'edge-bare-sender', JSON.stringify(params)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

export const edgeBareSender: Contender = async (params) => {
  const records = numberOf(params, 'records')
  const make = saleMaker(crossingKeys(numberOf(params, 'keys')))
  const connection = await connect({ servers: textOf(params, 'nats') })
  const packr = new Packr({})
  let sentBytes = 0
  let grantedBytes = windowBytes
  let granted = (): void => undefined
  connection.subscribe(subjects.grants, {
    callback: (_error, message) => {
      grantedBytes = Number(message.string())
      granted()
    },
  })
  await connection.flush()
  for (let made = 0, frames = 0; made < records; frames += 1) {
    const count = Math.min(frameRecords, records - made)
    const batch = new Array<Sale>(count)
    for (let i = 0; i < count; i += 1) batch[i] = make(made + i)
    made += count
    const bytes = packr.pack(batch)
    sentBytes += bytes.byteLength
    connection.publish(subjects.frames, bytes)
    if (frames % framesATurn === 0) await new Promise((resolve) => setImmediate(resolve))
    while (sentBytes > grantedBytes) await new Promise<void>((resolve) => (granted = resolve))
  }
  await connection.flush()
  await connection.close()
  return { value: records }
}
