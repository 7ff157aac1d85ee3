/** Numbers in a frame: out of range is `FRAME_FIELD`, when written and when read. */
import { FrameError } from './frame.ts'

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export function writeUint32(view: DataView, at: number, value: number): void {
  checkField(value >>> 0 === value, 'a number of 32 bits', value)
  view.setUint32(at, value, true)
}

export function writeWhole(view: DataView, at: number, value: number): void {
  checkField(Number.isSafeInteger(value) && value >= 0, 'a number', value)
  view.setUint32(at, value % 0x1_0000_0000, true)
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true)
}

export function readWhole(view: DataView, at: number): number {
  const value = view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true)
  checkField(Number.isSafeInteger(value), 'a number', value)
  return value
}

export function checkField(holds: boolean, what: string, found: number): void {
  if (!holds) throw new FrameError('FRAME_FIELD', `${what} is out of its range: ${found}`)
}
