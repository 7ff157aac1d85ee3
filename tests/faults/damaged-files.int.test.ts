// C7 on real files: a job's newest log slot or state file is torn, flipped, emptied or gone between two runs of the
// command. It refuses to go on, whoever asks, and shows nothing; with the files as they were it goes on, exact.
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { fixture, Ledger, millrace } from '../harness/ledger.ts'

const newest = (folder: string, numberOf: (name: string) => number): string =>
  join(
    folder,
    readdirSync(folder)
      .filter((name) => !name.startsWith('.'))
      .reduce((best, name) => (numberOf(name) > numberOf(best) ? name : best)),
  )

const slotOf = (store: string): string => newest(join(store, 'log/1'), Number)
/** `<term>.<attempt>.<checkpoint>.…` */
const partOf = (store: string): string => newest(join(store, 'parts'), (name) => Number(name.split('.')[2]))

const rewrite =
  (fileOf: (store: string) => string, change: (bytes: Buffer) => Uint8Array) =>
  (store: string): void => {
    const path = fileOf(store)
    writeFileSync(path, change(readFileSync(path)))
  }

const half = (bytes: Buffer): Uint8Array => bytes.subarray(0, bytes.length >> 1)
function flipped(bytes: Buffer): Uint8Array {
  const at = bytes.length >> 1
  bytes[at] = bytes[at]! ^ 4
  return bytes
}

const damages: Record<string, (store: string) => void> = {
  'a torn slot': rewrite(slotOf, half),
  'a flipped bit in a slot': rewrite(slotOf, flipped),
  'an emptied slot': rewrite(slotOf, () => new Uint8Array()),
  'a torn state file': rewrite(partOf, half),
  'a flipped bit in a state file': rewrite(partOf, flipped),
  'a state file that is gone': (store) => rmSync(partOf(store)),
}

it('files that are torn, flipped, emptied or gone: refused without consent, and mended exact', async () => {
  const ledger = new Ledger()
  const PAD = '500'
  const first = ledger.run({ env: { PAD } })
  await first.next('checkpoint.completed', 2)
  first.signal('SIGTERM')
  await first.ended()

  const refusals = Object.entries(damages).map(async ([how, damage], index) => {
    const store = join(ledger.folder, `damaged-${index}`)
    cpSync(ledger.store, store, { recursive: true })
    damage(store)
    const refused = millrace(['run', fixture('ledger.ts'), '--checkpoints', store, '--json'], {
      ...ledger.env,
      PAD,
    })
    expect((await refused.ended()).code, how).toBe(1)
    expect(refused.of('job.failed'), how).toMatchObject([{ code: 'CHECKPOINT_DAMAGED' }])
    expect(refused.of('job.failed')[0]?.message, how).toContain('allowOlder')
  })
  const visible = readdirSync(ledger.out).sort()
  await Promise.all(refusals)
  expect(readdirSync(ledger.out).sort()).toEqual(visible)

  const second = ledger.run({ env: { PAD } })
  ledger.openGate()
  expect((await second.ended()).code).toBe(0)
  await ledger.expectExact()
})
