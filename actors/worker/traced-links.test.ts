import { expect, it } from 'vitest'
import type { TraceEvent } from '../../core/ports/trace.ts'
import { memoryLinks } from '../../transport/memory/memory-links.ts'
import { specOf } from '../../transport/simulated/link-pair.ts'
import { TracedInput, TracedOutput } from './traced-links.ts'

it('a trace changes nothing of what passes: a batch keeps its event times, a watermark its idleness', () => {
  const events: TraceEvent[] = []
  const links = memoryLinks()
  const spec = specOf()
  const callbacks = { wake: () => undefined, fail: () => undefined }
  const input = new TracedInput(links.openInput(spec, callbacks), (event) => void events.push(event))
  const output = new TracedOutput(links.openOutput(spec, callbacks), (event) => void events.push(event))
  output.sendBatch(['a', 'b'], [10, -20])
  output.sendSignal({ kind: 'watermark', atMs: 7, idle: true })
  expect([input.take(), input.take()]).toEqual([
    { kind: 'batch', records: ['a', 'b'], times: [10, -20] },
    { kind: 'watermark', atMs: 7, idle: true },
  ])
  expect(events.map(({ kind }) => kind)).toEqual(['sent', 'sent', 'taken', 'taken'])
})
