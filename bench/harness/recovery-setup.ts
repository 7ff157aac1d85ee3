/** How many keys the recovery flow has: worker processes load it as a module, so it comes by the environment. */
const variable = 'MILLRACE_BENCH_RECOVERY_KEYS'

export function writeRecoveryKeys(keys: number): void {
  process.env[variable] = String(keys)
}

export function readRecoveryKeys(): number {
  const keys = Number(process.env[variable])
  if (Number.isSafeInteger(keys) && keys > 0) return keys
  throw new Error(`${variable} must be a number of keys: this module is loaded by the benchmark`)
}
