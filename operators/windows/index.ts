export {
  countWindow,
  globalWindow,
  session,
  sliding,
  tumbling,
  type CountWindows,
  type FixedWindows,
  type GlobalWindow,
  type SessionOptions,
  type SessionWindows,
  type SlidingOptions,
  type TumblingOptions,
  type WindowAssigner,
} from './assigners.ts'
export type { KeyResult, WindowResult } from './definition.ts'
export type { Panes, WindowOptions } from './options.ts'
export { early, everyRecord, onWatermark, type Trigger } from './triggers.ts'
export type { WindowedStream } from './windowed-stream.ts'
