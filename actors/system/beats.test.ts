import { expect, it } from 'vitest'
import { BeatReader } from './beats.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

it('the newest beat counts, however lines are cut', () => {
  const beats = new BeatReader()
  expect(beats.read(bytes('{"busyBeats":0}\n{"busy'))).toEqual({ busyMs: 0, task: null })
  expect(beats.read(bytes('Beats":3,"task":"by-key[0] (sum)"}\n'))).toEqual({
    busyMs: 1_500,
    task: 'by-key[0] (sum)',
  })
  expect(beats.read(bytes('{"busyBeats":4,"task":null}\n{"busyBeats":0}\n'))).toEqual({
    busyMs: 0,
    task: null,
  })
})

it('what is no beat changes nothing', () => {
  const beats = new BeatReader()
  beats.read(bytes('{"busyBeats":2}\n'))
  for (const line of ['', 'null', '7', '{', '{"busyBeats":"9"}', 'x'.repeat(100_000)]) {
    expect(beats.read(bytes(`${line}\n`))).toEqual({ busyMs: 1_000, task: null })
  }
})
