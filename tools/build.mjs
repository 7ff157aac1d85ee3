#!/usr/bin/env node
// Builds dist/ with tsc and removes what an earlier build left of sources that are gone.
// `--if-stale` does nothing while dist/ is newer than every source. Says everything on stderr, so that a
// caller's stdout (`npm start -- --json`) stays its own.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
/** Its time of change is when the sources of the last good build were read. */
const stamp = join(dist, '.build-stamp')
const lock = join(root, 'node_modules/.millrace-build-lock')
const lockStaleMs = 180_000

const sourceRoots = ['core', 'transport', 'snapshot', 'operators', 'actors', 'scenarios', 'cli', 'bench']
const configFiles = ['package.json', 'tsconfig.json', 'tsconfig.build.json']

/** @param {string} folder @returns {string[]} every file below it */
function filesBelow(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}

/** @returns {string[]} what the build reads */
function sources() {
  const nested = sourceRoots.flatMap((name) => filesBelow(join(root, name)))
  const typescript = nested.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  return [join(root, 'index.ts'), ...typescript].filter((file) => existsSync(file))
}

/** Whether a source is newer than the last good build, or was removed or renamed since. */
export function isStale() {
  if (!existsSync(stamp)) return true
  const builtMs = statSync(stamp).mtimeMs
  const read = [...sources(), ...configFiles.map((name) => join(root, name))]
  return read.some((file) => statSync(file).mtimeMs > builtMs) || orphans().length > 0 || missing()
}

function missing() {
  return sources().some((file) => !existsSync(emittedOf(file)))
}

/** @param {string} source */
function emittedOf(source) {
  return join(dist, relative(root, source).replace(/\.ts$/, '.js'))
}

/** Files in dist/ that no source stands behind. */
function orphans() {
  return filesBelow(dist).filter((file) => {
    const base = /^(.*?)(?:\.d\.ts|\.js)(?:\.map)?$/.exec(relative(dist, file))?.[1]
    return base !== undefined && !existsSync(join(root, `${base}.ts`))
  })
}

/**
 * Builds; throws on a type error. tsc emits even then, so `dist/` is only as good as the errors let it be.
 * One build at a time: two test runs that start together share the first one's result.
 * @param {{ ifStale?: boolean }} [options]
 */
export function build(options = {}) {
  if (options.ifStale === true && !isStale()) return
  withLock(() => {
    if (options.ifStale === true && !isStale()) return
    const startedMs = Date.now()
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
    const result = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], {
      cwd: root,
      // tsc reports on stdout: send it to stderr.
      stdio: ['ignore', 2, 2],
    })
    for (const file of orphans()) rmSync(file)
    const main = join(dist, 'cli/main.js')
    if (existsSync(main)) chmodSync(main, 0o755)
    if (result.error) throw result.error
    if (result.status !== 0) throw new Error(`the build failed: tsc exited ${result.status ?? result.signal}`)
    writeStamp(startedMs)
  })
}

/** @param {number} atMs the build's start: an edit made while it ran leaves dist/ stale */
function writeStamp(atMs) {
  mkdirSync(dist, { recursive: true })
  writeFileSync(stamp, `${new Date(atMs).toISOString()}\n`)
  utimesSync(stamp, atMs / 1000, atMs / 1000)
}

/** @param {() => void} work */
function withLock(work) {
  mkdirSync(dirname(lock), { recursive: true })
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error
      if (lockAgeMs() > lockStaleMs) rmSync(lock, { recursive: true, force: true })
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
    }
  }
  try {
    work()
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

function lockAgeMs() {
  try {
    return Date.now() - statSync(lock).mtimeMs
  } catch {
    return 0
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    build({ ifStale: process.argv.includes('--if-stale') })
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}
