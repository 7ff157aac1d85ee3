/** Where the engine says what it does. Silent unless a host passes one. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void

export const silentLog: Log = () => undefined
