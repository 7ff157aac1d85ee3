/** The script of a contender's process: `contender.js NAME PARAMS`. Prints what it measured as a line of JSON. */
import type { Contender, Params } from './harness/contender.ts'
import { chainByHand, chainMillrace, chainRxjs, chainStreams } from './contenders/chain.ts'
import { edgeBare, edgeBareSender } from './contenders/edge-bare.ts'
import { edgeMillrace } from './contenders/edge.ts'
import {
  keyedCountByHand,
  keyedCountMillrace,
  keyedCountRxjs,
  keyedCountRxjsReduce,
  keyedCountStreams,
} from './contenders/keyed-count.ts'
import { latency } from './contenders/latency.ts'
import { recoveryKill, recoveryThrow } from './contenders/recovery.ts'
import { retained } from './contenders/retained.ts'
import { slidingCount } from './contenders/sliding-count.ts'
import { steadyStall, steadyThroughput } from './contenders/steady.ts'

const contenders: Readonly<Record<string, Contender>> = {
  'keyed-millrace': keyedCountMillrace,
  'keyed-hand': keyedCountByHand,
  'keyed-rxjs': keyedCountRxjs,
  'keyed-rxjs-reduce': keyedCountRxjsReduce,
  'keyed-streams': keyedCountStreams,
  'chain-millrace': chainMillrace,
  'chain-hand': chainByHand,
  'chain-rxjs': chainRxjs,
  'chain-streams': chainStreams,
  'edge-millrace': edgeMillrace,
  'edge-bare': edgeBare,
  'edge-bare-sender': edgeBareSender,
  latency,
  'sliding-count': slidingCount,
  'steady-throughput': steadyThroughput,
  'steady-stall': steadyStall,
  retained,
  'recovery-kill': recoveryKill,
  'recovery-throw': recoveryThrow,
}

const [, , name = '', params = '{}'] = process.argv
const contender = contenders[name]
if (!contender)
  throw new Error(`expected a contender, one of ${Object.keys(contenders).join(', ')}; got '${name}'`)
const measured = await contender(JSON.parse(params) as Params)
process.stdout.write(`${JSON.stringify(measured)}\n`, () => process.exit(0))
