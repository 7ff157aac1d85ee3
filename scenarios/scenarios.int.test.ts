/** Some scenarios with real processes and files; `millrace scenario --transport nats` plays all of them. */
import { describe, expect, it } from 'vitest'
import type { Transport } from './harness/verdict.ts'
import { scenarios } from './all.ts'
import { playFor } from './harness/scenario/play-for.ts'

const chosen: readonly (readonly [string, Transport])[] = [
  ['mid-commit-last', 'memory'],
  ['coordinator-between-manifest-and-notice', 'memory'],
  ['captured-middle', 'nats'],
  ['worker-and-coordinator', 'nats'],
  ['coordinator-stopped-before-manifest', 'nats'],
  ['replacement-fails-five-times', 'nats'],
  ['replacement-killed-each-time', 'nats'],
  ['replacement-never-succeeds', 'nats'],
  ['collector-stood-still', 'nats'],
  ['times-set-aside', 'nats'],
  ['quiet-sources', 'nats'],
  ['one-hot-key', 'nats'],
  ['bursts', 'nats'],
]

describe('scenarios, over processes', () => {
  it.each(chosen)('%s, %s', async (name, transport) => {
    const found = scenarios.find((each) => each.name === name)
    if (!found) throw new Error(`there is no scenario ${name}`)
    const { verdict, told } = await playFor(found, { transport })
    expect({ verdict: verdict.verdict, told }).toEqual({ verdict: 'pass', told: [] })
    expect(verdict.kills).toBeGreaterThan(0)
  })
})
