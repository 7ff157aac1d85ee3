#!/usr/bin/env node
// Makes sure that a nats-server can be started: $NATS_SERVER, else one in PATH, else installed with the
// system's package manager where that needs no password. Otherwise one line says what to do, and the exit
// code is 1. Writes to stderr only, so that a caller's stdout (`npm start -- --json`) stays its own.
import { spawnSync } from 'node:child_process'

const howTo =
  'install it (Debian: apt-get install nats-server; macOS: brew install nats-server; ' +
  'else https://github.com/nats-io/nats-server/releases) or set NATS_SERVER to its path'

const outOfPath =
  'nats-server is /usr/sbin/nats-server, which is not in PATH (add it, or set NATS_SERVER to it)'

const isRoot = process.getuid?.() === 0

/**
 * How each package manager installs the server; the first that the system has is used.
 * @type {{ manager: string, needsRoot: boolean, commands: string[][] }[]}
 */
const installers = [
  {
    manager: 'apt-get',
    needsRoot: true,
    commands: [
      ['apt-get', '-o', 'DPkg::Lock::Timeout=120', 'update', '-q'],
      [
        'apt-get',
        '-o',
        'DPkg::Lock::Timeout=120',
        'install',
        '-q',
        '-y',
        '--no-install-recommends',
        'nats-server',
      ],
    ],
  },
  { manager: 'apk', needsRoot: true, commands: [['apk', 'add', 'nats-server']] },
  { manager: 'dnf', needsRoot: true, commands: [['dnf', 'install', '-y', 'nats-server']] },
  { manager: 'brew', needsRoot: false, commands: [['brew', 'install', 'nats-server']] },
]

/** @param {string} command @param {string[]} args @returns {boolean} whether it ran and exited 0 */
function succeeds(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** @param {string[]} command @returns {boolean} whether it exited 0; its output goes to stderr */
function runs([command, ...args]) {
  console.error(`ensure-nats: ${[command, ...args].join(' ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync(/** @type {string} */ (command), args, { stdio: ['ignore', 2, 2], env }).status === 0
}

/** @returns {string | undefined} why there is no server to start; undefined when there is one */
function ensure() {
  const named = process.env['NATS_SERVER']
  if (named) {
    return succeeds(named, ['--version']) ? undefined : `NATS_SERVER is ${named}, which does not run`
  }
  if (succeeds('nats-server', ['--version'])) return undefined

  // Debian puts it where a plain user's PATH does not reach.
  if (succeeds('/usr/sbin/nats-server', ['--version'])) return outOfPath
  const installer = installers.find(({ manager }) => succeeds(manager, ['--version']))
  if (installer === undefined) return 'nats-server is not in PATH, and no known package manager is here'
  const prefix = installer.needsRoot && !isRoot ? ['sudo', '-n'] : []
  if (prefix.length > 0 && !succeeds('sudo', ['-n', 'true'])) {
    return `nats-server is not in PATH, and ${installer.manager} needs root`
  }
  console.error(`ensure-nats: nats-server is not in PATH; installing it with ${installer.manager}`)
  const failed = installer.commands.find((command) => !runs([...prefix, ...command]))
  if (failed !== undefined) return `nats-server is not in PATH, and "${failed.join(' ')}" failed`
  if (succeeds('nats-server', ['--version'])) return undefined
  if (succeeds('/usr/sbin/nats-server', ['--version'])) return outOfPath
  return `${installer.manager} installed no nats-server into PATH`
}

const problem = ensure()
if (problem !== undefined) {
  console.error(`ensure-nats: ${problem === outOfPath ? problem : `${problem}: ${howTo}`}`)
  process.exitCode = 1
}
