import { checkValue, freezeDeep } from '../../core/codec/index.ts'

/**
 * What memory asks of records, so that a flow that runs in one process also runs in many: the first of each
 * batch crosses a wire unchanged, since records of one step usually have one shape. `debug` asks it of every
 * record, and freezes them: a change after `emit` throws where it is made. Throws CodecError with `details.index`.
 */
export function inspectBatch(records: readonly unknown[], debug: boolean): void {
  const count = debug ? records.length : Math.min(1, records.length)
  for (let index = 0; index < count; index += 1) {
    checkValue(records[index], index)
    if (debug) freezeDeep(records[index])
  }
}
