/** The decoders of everything that comes from a wire or a disk. */
import { crc32 } from 'node:zlib'
import { decodeEnvelope, encodeEnvelope } from '../../actors/kit/envelope.ts'
import { readStagedOutputs } from '../../actors/task/sink-step.ts'
import { readSplitState } from '../../actors/task/source-head.ts'
import { decodeBatch, decodeValue, encodeBatch, encodeValue } from '../../core/codec/index.ts'
import { checkpointId, stepName, termNumber, type LinkId } from '../../core/ids.ts'
import { cell, listCell, mapCell, stateSchema } from '../../operators/state/schema.ts'
import { GroupWriter } from '../../operators/state/group-format.ts'
import { KeyedState } from '../../operators/state/keyed-state.ts'
import { openGroup } from '../../operators/state/restore.ts'
import { parseTextPosition } from '../../operators/sources/files/position.ts'
import { parseParquetPosition } from '../../operators/sources/parquet/reader.ts'
import { parseHandles } from '../../operators/sinks/jsonl/handle.ts'
import type { SlotRecord } from '../../snapshot/log/index.ts'
import { decodeSlot, encodeSlot, slotHeaderBytes } from '../../snapshot/log/slot-format.ts'
import { readChannel } from '../../transport/channel-recording.ts'
import {
  frameHeaderBytes,
  readBatch,
  readFrame,
  writeBatchFrame,
  writeFrame,
} from '../../transport/frame/index.ts'
import { epoch, records, sampleManifest, table } from './samples.ts'
import type { FuzzTarget } from './target.ts'

const step = stepName('by-page')

const value: FuzzTarget = {
  name: 'value',
  samples: [...records, records, sampleManifest()].map(encodeValue),
  read(bytes) {
    decodeValue(bytes)
    return true
  },
}

const batch: FuzzTarget = {
  name: 'batch',
  samples: [encodeBatch(records), encodeBatch(table), encodeBatch([])],
  read(bytes) {
    decodeBatch(bytes)
    return true
  },
}

const head = { epoch, link: 5 as LinkId, first: 123_456 }

const frame: FuzzTarget = {
  name: 'frame',
  samples: [
    writeBatchFrame(head, records),
    writeBatchFrame(head, table.slice(0, 5)),
    writeBatchFrame(head, table.slice(0, 3), [1e12, 1e12 + 5, -7]),
    writeBatchFrame(head, table.slice(0, 2), [0.5, Number.NaN]),
    writeFrame({ ...head, kind: 'watermark', atMs: -1.5 }),
    writeFrame({ ...head, kind: 'barrier', checkpoint: checkpointId(9), final: true }),
    writeFrame({ ...head, kind: 'end' }),
    writeFrame({ ...head, kind: 'probe', probeId: 7, sent: 2 ** 40 }),
    writeFrame({ ...head, kind: 'overtake', checkpoint: checkpointId(9), cutBytes: 2 ** 34 }),
    writeFrame({ ...head, kind: 'answer', probeId: 7, received: 9, granted: 2 ** 33 }),
  ],
  read(bytes) {
    const found = readFrame(bytes)
    if (found.kind === 'batch') readBatch(found)
    return true
  },
  reseal: resealFrame,
}

function resealFrame(bytes: Buffer): void {
  if (bytes.length < frameHeaderBytes) return
  bytes.writeUInt32LE(bytes.length - frameHeaderBytes, 32)
  const checked = frameHeaderBytes - 4
  bytes.writeUInt32LE(crc32(bytes.subarray(frameHeaderBytes), crc32(bytes.subarray(0, checked))), checked)
}

const channel: FuzzTarget = {
  name: 'channel',
  samples: [
    Buffer.concat([
      writeBatchFrame({ ...head, first: 0 }, table.slice(0, 3)),
      writeFrame({ ...head, first: 3, kind: 'watermark', atMs: 1e12 }),
      writeBatchFrame({ ...head, first: 4 }, records.slice(0, 2)),
    ]),
    Buffer.concat([writeBatchFrame({ ...head, first: 0 }, records)]),
  ],
  read(bytes) {
    for (const found of readChannel(bytes)) if (found.kind === 'batch') readBatch(found)
    return true
  },
  reseal(bytes) {
    for (let at = 0; at + frameHeaderBytes <= bytes.length;) {
      const declared = frameHeaderBytes + bytes.readUInt32LE(at + 32)
      const to = Math.min(bytes.length, at + declared)
      resealFrame(bytes.subarray(at, to))
      at = to
    }
  },
}

const slots: readonly SlotRecord[] = [
  { kind: 'claimed', holder: 'h-1', atMs: 1.5 },
  { kind: 'checkpoint', manifest: sampleManifest() },
  { kind: 'sealed', byTerm: termNumber(4) },
  { kind: 'aborted' },
  { kind: 'finished', checkpoint: checkpointId(7) },
]

const slot: FuzzTarget = {
  name: 'slot',
  samples: slots.map(encodeSlot),
  read(bytes) {
    decodeSlot(bytes, { term: termNumber(3), slot: 1 })
    return true
  },
  reseal(bytes) {
    if (bytes.length < slotHeaderBytes) return
    bytes.writeUInt32LE(bytes.length - slotHeaderBytes, 10)
    bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4)
  },
}

const schema = stateSchema({
  count: cell(() => 0),
  days: mapCell<number, unknown>(),
  seen: listCell<string>(),
})

function groupBytes(cells: readonly string[]): Uint8Array {
  const writer = new GroupWriter({ cells, version: 1, ended: false }, () => new Error('not encoded'))
  writer.addNow('ada', [1, new Map([[1, { flights: 2 }]]), ['x', 'y']])
  writer.add(['tuple', 7, true], [2, undefined, undefined])
  for (let i = 0; i < 30; i += 1) writer.add(i, [i, undefined, undefined])
  writer.flush()
  return Buffer.concat(writer.chunks)
}

const state: FuzzTarget = {
  name: 'state',
  samples: [groupBytes(schema.cells.map(({ name }) => name)), groupBytes(['count'])],
  read(bytes) {
    const restored = new KeyedState({ step, schema, keyGroups: 8, from: 0, to: 8 })
    restored.restore(openGroup(step, 3, bytes))
    return true
  },
  // Every chunk says its own length.
  reseal(bytes) {
    for (let at = 0; at + 4 <= bytes.length;) {
      const length = bytes.readUInt32LE(at)
      if (at + 4 + length <= bytes.length) at += 4 + length
      else {
        bytes.writeUInt32LE(bytes.length - at - 4, at)
        return
      }
    }
  },
}

const control: FuzzTarget = {
  name: 'control',
  samples: [
    encodeEnvelope({ kind: 'acknowledge', from: 'w0', next: 12 }),
    encodeEnvelope({
      kind: 'message',
      from: 'w0',
      number: 3,
      next: 0,
      body: { kind: 'ready', worker: 'w0', pid: 77 },
    }),
    encodeEnvelope({
      kind: 'message',
      from: 'w1-3',
      number: 0,
      next: 0,
      body: { kind: 'acknowledged', epoch, records },
    }),
  ],
  read: (bytes) => decodeEnvelope(bytes) !== undefined,
  reseal(bytes) {
    if (bytes.length > 4) bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0)
  },
}

const range = { from: 0, to: 1_000 }
const identity = { bytes: 10, changedMs: 1.5, head: 'ab'.repeat(32) }

const position: FuzzTarget = {
  name: 'position',
  samples: [
    { position: { file: identity, range: '0-1000', offset: 17, line: 2, inRecord: false } },
    { position: { file: identity, row: 41 } },
    { position: null },
  ].map((split) => encodeValue({ ...split, ended: false, records: 41 })),
  read(bytes) {
    const { position: found } = readSplitState(step, bytes)
    const hasRow = typeof found === 'object' && found !== null && 'row' in found
    if (hasRow) parseParquetPosition('file.parquet', found)
    else parseTextPosition('file.csv', range, found)
    return true
  },
}

const staged: FuzzTarget = {
  name: 'staged',
  samples: [
    encodeValue([]),
    encodeValue(
      [0, 1].map((n) => ({
        checkpoint: checkpointId(7),
        handle: {
          staged: `.staged-3.2-0-${n}.jsonl`,
          final: 'part-0-7.jsonl',
          digest: 'ab'.repeat(32),
          bytes: 100,
          records: 3,
          checkpoint: 7,
        },
      })),
    ),
  ],
  read(bytes) {
    parseHandles(readStagedOutputs(step, bytes).map(({ handle }) => handle))
    return true
  },
}

export const targets: readonly FuzzTarget[] = [
  value,
  batch,
  frame,
  channel,
  slot,
  state,
  control,
  position,
  staged,
]
