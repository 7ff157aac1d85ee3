/** What the system may refuse a process, for as long as a test says. Linux only. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'

/** Of a running process, without a right of its own: `fsize` in bytes (EFBIG), `nofile` in descriptors (EMFILE). */
export function limit(pid: number, what: 'fsize' | 'nofile', value: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--${what}=${value}:`])
}

/** Takes the limit back, as far as it was ever allowed. */
export function unlimit(pid: number, what: 'fsize' | 'nofile'): void {
  const hard = execFileSync('prlimit', [
    '--pid',
    String(pid),
    `--${what}`,
    '--noheadings',
    '--output',
    'HARD',
  ])
  execFileSync('prlimit', ['--pid', String(pid), `--${what}=${hard.toString().trim()}:`])
}

export const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length

/** A command for `Ledger.script`: root obeys the rights of files, as everybody else does. */
export const withoutPrivilege: readonly string[] =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : []

const mounting = 'mount -t tmpfs -o size="$0" store "$1" && shift && exec "$@"'

/** A command for `Ledger.script`, which then sees a disk of so many bytes in the folder; it must exist. */
export const withSmallDisk = (folder: string, bytes: number): readonly string[] => [
  'unshare',
  '-Urm',
  'sh',
  '-c',
  mounting,
  String(bytes),
  folder,
]

/** What a process sees in a folder, from outside. */
export const seenBy = (pid: number, folder: string): string => `/proc/${pid}/root${folder}`

/** Whether this machine lets its users mount. */
export function maySmallDisk(): boolean {
  const [command = '', ...args] = withSmallDisk('/mnt', 4_096)
  return spawnSync(command, [...args, 'true']).status === 0
}
