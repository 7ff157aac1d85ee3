/** SIGINT and SIGTERM: once to stop cleanly, a second time to end at once. */
import { exitCodes } from './exit-codes.ts'

export type StopSignal = keyof typeof exitCodes.interrupted

export interface StopSignals {
  /** The signal that came, if any. */
  readonly received: StopSignal | undefined
  release(): void
}

/** `stop` is called once, at the first signal. */
export function onStopSignals(stop: (signal: StopSignal) => void): StopSignals {
  const state: { received: StopSignal | undefined } = { received: undefined }
  const handle = (signal: StopSignal): void => {
    if (state.received !== undefined) process.exit(exitCodes.interrupted[signal])
    state.received = signal
    stop(signal)
  }
  const interrupt = (): void => handle('SIGINT')
  const terminate = (): void => handle('SIGTERM')
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', terminate)
  return {
    get received() {
      return state.received
    },
    release() {
      process.off('SIGINT', interrupt)
      process.off('SIGTERM', terminate)
    },
  }
}
