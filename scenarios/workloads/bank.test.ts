import { describe, expect, it } from 'vitest'
import { simulatedFiles } from '../../core/simulated/files.ts'
import { fileStore } from '../../snapshot/stores/file-store.ts'
import type { Played, Stage } from '../harness/scenario/scenario.ts'
import { bank } from './bank.ts'

const stage: Stage = {
  transport: 'simulated',
  seed: 1,
  folder: '/stage',
  breathe: () => Promise.resolve(),
}

/** What the bank's check says of these entries of one account, by the checkpoint that showed them. */
async function told(entries: Readonly<Record<number, readonly number[]>>): Promise<readonly string[]> {
  const files = simulatedFiles()
  await files.makeFolder('/stage/booked')
  for (const [checkpoint, numbers] of Object.entries(entries)) {
    const handle = await files.open(`/stage/booked/part-0-${checkpoint}.jsonl`, 'create')
    const rows = numbers.map((n) => `${JSON.stringify({ kind: 'entry', account: 'a3', n })}\n`)
    await handle.append(new TextEncoder().encode(rows.join('')))
  }
  const played: Played = {
    stage,
    files,
    store: await fileStore('/store').open(files),
    events: [],
    failures: [],
    stuck: undefined,
    kills: 0,
    tookMs: 0,
  }
  return (await bank()(stage).check?.(played)) ?? []
}

describe('bank', () => {
  it("an account's entries are read in their order: checkpoint 10 comes after checkpoint 9", async () => {
    expect(await told({ 9: [1, 2], 10: [3] })).toEqual([])
  })

  it('entries that are doubled, of nowhere or out of order are told of', async () => {
    expect(await told({ 9: [2], 10: [1, 2, 99] })).toEqual([
      'sequence: 1 entries doubled, 1 of nowhere, 1 out of order',
    ])
  })
})
