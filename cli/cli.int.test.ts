/** The command as people and scripts run it: the built `dist/cli/main.js`, in processes of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const main = join(root, 'dist/cli/main.js')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-cli-'))
  await mkdir(join(folder, 'node_modules'))
  await symlink(root, join(folder, 'node_modules/millrace'))
  await Promise.all(Object.entries(modules).map(([name, text]) => writeFile(join(folder, name), text)))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const modules: Readonly<Record<string, string>> = {
  'hello.ts': `
    import { flow, fromArray, toConsole, type Flow } from 'millrace'
    import { greet } from './greet.js'
    console.log('loading')
    const hello: Flow = flow('hello')
    hello.source('names', fromArray<string>(['ada', 'grace'])).map('greet', greet).sink('print', toConsole())
    export default hello`,
  'greet.ts': `export const greet = (name: string): string => \`hello, \${name}\``,
  'count.ts': `
    import { cell, flow, fromGenerator, operator, toJsonl } from 'millrace'
    interface Item { readonly n: number }
    const count = operator<string, Item, { key: string; count: number }>()({
      state: { seen: cell(() => 0) },
      onRecord(ctx) { ctx.state.seen.set(ctx.state.seen.get() + 1) },
      onEnd(ctx) { ctx.emit({ key: ctx.key, count: ctx.state.seen.get() }) },
    })
    const counting = flow('counting')
    counting
      .source('items', fromGenerator<Item>({ count: 1000, at: (n) => ({ n }), splits: 2 }))
      .keyBy('by-key', ({ n }) => 'k' + (n % 3))
      .process('count', count)
      .sink('out', toJsonl(new URL('./out', import.meta.url).pathname))
    export default counting`,
  'endless.mjs': `
    import { flow, fromGenerator, toJsonl } from 'millrace'
    const endless = flow('endless')
    endless
      .source('numbers', fromGenerator({ async *open(position) {
        for (let n = position ?? 0; ; n += 1) {
          await new Promise((resolve) => setTimeout(resolve, 1))
          yield { value: { n }, position: n + 1 }
        }
      } }))
      .sink('out', toJsonl(new URL('./endless-out', import.meta.url).pathname))
    export default endless`,
  'fails.ts': `
    import { flow, fromArray, toConsole } from 'millrace'
    const failing = flow('failing')
    failing.source('a', fromArray([1])).map('boom', () => { throw new Error('no luck') }).sink('print', toConsole())
    export default failing`,
  'nothing.ts': `export const a = 1`,
  'object.js': `export default { a: 1 }`,
  'throws.ts': `\nthrow new Error('boom')`,
  'enum.ts': `enum Color { Red }\nexport default Color`,
  'syntax.ts': `const a = 1\nconst b: = 2`,
  'text.txt': `hello`,
}

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function start(args: readonly string[]): ChildProcess {
  const env = { ...process.env }
  delete env['VITEST']
  return spawn(process.execPath, [main, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
}

function end(child: ChildProcess): Promise<Ended> {
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (part: string) => (text[name] += part))
  }
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...text })))
}

const millrace = (...args: string[]): Promise<Ended> => end(start(args))

interface Line {
  readonly event: string
  readonly [name: string]: unknown
}
const linesOf = ({ stdout }: Ended): Line[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

const readRows = async (out: string): Promise<unknown[]> => {
  const names = (await readdir(join(folder, out))).filter((name) => name.startsWith('part-'))
  const texts = await Promise.all(names.map((name) => readFile(join(folder, out, name), 'utf8')))
  return texts.flatMap((text) => text.trimEnd().split('\n')).map((line) => JSON.parse(line) as unknown)
}

describe('millrace', () => {
  it('bad usage is exit code 2, help is 0', async () => {
    const usages = [
      [[], 'Usage:'],
      [['bogus'], "unknown command 'bogus'"],
      [['run'], "missing required argument 'file'"],
      [['run', 'hello.ts', '--bogus'], "unknown option '--bogus'"],
      [['run', 'hello.ts', '--workers', '-1'], 'It must be a whole number ≥ 0'],
      [['run', 'hello.ts', '--every', '1.5'], 'It must be a whole number ≥ 1'],
      [['run', 'hello.ts', '--workers', '1000'], 'workers must be a whole number'],
      [['run', 'hello.ts', '--nats', 'nats://localhost:1'], 'Set workers to 1 or more'],
      [['run', 'hello.ts', '--restore-from', '3'], 'need --checkpoints'],
      [['run', 'absent.ts'], 'FILE_MISSING: there is no file absent.ts'],
      [['run', 'node_modules'], 'FILE_KIND: node_modules is not a file'],
      [['run', 'text.txt'], 'FILE_KIND: text.txt is not a module'],
      [['scenario', 'bogus'], "there is no scenario 'bogus'; known are "],
      [['scenario', '--group', 'bogus'], "there is no group 'bogus'; known are "],
      [
        ['scenario', 'flights', '--transport', 'simulated'],
        "'flights' can be played with --transport nats or memory",
      ],
      [['scenario', 'flights', '--transport', 'pigeon'], 'Allowed choices are simulated, memory, nats'],
      [['checkpoints', 'absent'], 'FILE_MISSING: there is no folder absent'],
      [['inspect', '.', '--key', 'a'], '--key needs --operator'],
    ] as const
    const ended = await inTurns(
      usages.map(
        ([args]) =>
          () =>
            millrace(...args),
      ),
    )
    ended.forEach(({ code, stdout, stderr }, index) => {
      expect(stderr).toContain(usages[index]?.[1])
      expect({ args: usages[index]?.[0], code, stdout: stdout.includes('Error') }).toMatchObject({
        code: 2,
        stdout: false,
      })
    })
    expect(await millrace('run', '--help')).toMatchObject({ code: 0, stderr: '' })
  })

  it('a module that is no flow is a clear error, exit code 1, without a stack', async () => {
    const failures = [
      ['nothing.ts', 'FLOW_MISSING: nothing.ts must export a flow as its default, it has no default export'],
      ['object.js', 'found an object that is no flow'],
      ['throws.ts', 'FLOW_LOAD: throws.ts cannot be loaded: Error: boom (line 2)'],
      ['enum.ts', 'enum.ts:1: TypeScript enum is not supported'],
      ['syntax.ts', 'syntax.ts:2: Unexpected token'],
    ] as const
    const ended = await inTurns(
      failures.map(
        ([file]) =>
          () =>
            millrace('run', file, '--json'),
      ),
    )
    ended.forEach((one, index) => {
      expect(one.stderr).toContain(failures[index]?.[1])
      expect(one.stderr).not.toMatch(/^\s+at /m)
      expect(one.code).toBe(1)
      expect(linesOf(one)).toEqual([
        expect.objectContaining({ event: 'job.failed', code: expect.any(String) }),
      ])
    })
  })

  it('run: records go to standard output, what happens to standard error', async () => {
    const { code, stdout, stderr } = await millrace('run', 'hello.ts')
    expect(stdout).toBe('loading\nhello, ada\nhello, grace\n')
    expect(stderr).toContain('finished: 2 records')
    expect(code).toBe(0)
  })

  it('run --json: nothing but events on standard output, the last is job.finished', async () => {
    const ended = await millrace('run', 'hello.ts', '--json')
    const lines = linesOf(ended)
    expect(lines.every(({ event, atMs }) => typeof event === 'string' && typeof atMs === 'number')).toBe(true)
    expect(lines.map(({ event }) => event)).toContain('job.started')
    expect(lines.at(-1)).toMatchObject({ event: 'job.finished', records: 2, restarts: 0 })
    expect(ended.stderr).toBe('loading\nhello, ada\nhello, grace\n')
    expect(ended.code).toBe(0)
  })

  it('run: a failed job is exit code 1, with code, step and cause', async () => {
    const ended = await millrace('run', 'fails.ts', '--json')
    expect(ended.code).toBe(1)
    expect(linesOf(ended).at(-1)).toMatchObject({
      event: 'job.failed',
      message: expect.stringContaining("'boom'"),
    })
    expect(ended.stderr).toContain('no luck')
    expect(ended.stderr).not.toMatch(/^\s+at /m)
  })

  it('run in workers over NATS, then look into its checkpoints, then start it again', async () => {
    const args = [
      'run',
      'count.ts',
      '--workers',
      '2',
      '--nats',
      'embedded',
      '--checkpoints',
      'state',
      '--json',
    ]
    const ended = await millrace(...args)
    expect(ended.stderr).toBe('')
    expect(ended.code).toBe(0)
    const workers = linesOf(ended).filter(({ event }) => event === 'worker.started')
    expect(workers).toEqual([
      expect.objectContaining({ worker: 'w0', pid: expect.any(Number) }),
      expect.objectContaining({ worker: 'w1', pid: expect.any(Number) }),
    ])
    const rows = [
      { key: 'k0', count: 334 },
      { key: 'k1', count: 333 },
      { key: 'k2', count: 333 },
    ]
    expect(await readRows('out')).toEqual(expect.arrayContaining(rows))
    expect(await readRows('out')).toHaveLength(3)

    const listed = await millrace('checkpoints', 'state')
    expect(listed.stdout).toMatch(/^job counting: finished with checkpoint \d+\n\nid .*\n(.*\n)*.*final\n$/)
    const [newest] = (await millrace('checkpoints', 'state', '--json')).stdout.trimEnd().split('\n').slice(-1)
    expect(JSON.parse(newest ?? '')).toMatchObject({
      job: 'counting',
      term: 1,
      final: true,
      savepoint: false,
    })

    expect((await millrace('inspect', 'state')).stdout).toMatch(
      /^final checkpoint .*\n\nstep .*\n(.*\n)*count /,
    )
    const key = await millrace('inspect', 'state', '--operator', 'count', '--key', 'k0', '--json')
    expect(JSON.parse(key.stdout)).toMatchObject({ step: 'count', key: 'k0', cells: { seen: 334 } })
    const positions = await millrace('inspect', 'state', '--operator', 'items')
    expect(positions.stdout).toContain('split 0')
    const absent = await millrace('inspect', 'state', '--operator', 'count', '--key', 'k9')
    expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining('KEY_UNKNOWN') })
    const unknown = await millrace('inspect', 'state', '--operator', 'nobody')
    expect(unknown).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("there is no step 'nobody'; found"),
    })
    const old = await millrace('inspect', 'state', '--checkpoint', '999')
    expect(old).toMatchObject({ code: 1, stderr: expect.stringContaining('CHECKPOINT_UNKNOWN') })

    const again = await millrace(...args)
    expect(linesOf(again).at(-1)).toMatchObject({ event: 'job.finished' })
    expect(again.code).toBe(0)
    expect(await readRows('out')).toHaveLength(3)
  })

  it('SIGINT stops at a checkpoint, exit code 130; the same command continues', async () => {
    const args = ['run', 'endless.mjs', '--checkpoints', 'endless-state', '--every', '50', '--json']
    for (let i = 0; i < 2; i += 1) {
      const child = start(args)
      const ending = end(child)
      await untilEvent(child, 'checkpoint.completed')
      child.kill('SIGINT')
      const ended = await ending
      expect(linesOf(ended).at(-1)).toMatchObject({ event: 'job.stopped', checkpoint: expect.any(Number) })
      expect(ended.code).toBe(130)
    }
    const numbers = (await readRows('endless-out'))
      .map((row) => (row as { n: number }).n)
      .sort((a, b) => a - b)
    expect(numbers).toEqual(numbers.map((_, index) => index))
  })

  it('a second signal ends at once', async () => {
    const child = start(['run', 'endless.mjs', '--checkpoints', 'endless-state'])
    const ending = end(child)
    await new Promise((resolve) => child.stderr?.once('data', resolve))
    child.kill('SIGTERM')
    child.kill('SIGINT')
    expect([130, 143]).toContain((await ending).code)
  })

  it('scenario --list', async () => {
    expect((await millrace('scenario', '--list')).stdout).toMatch(/^scenario .*\nflights /)
  })
})

function untilEvent(child: ChildProcess, event: string): Promise<void> {
  return new Promise((resolve) => {
    let text = ''
    child.stdout?.on('data', (part: string) => {
      text += part
      if (text.includes(`"event":"${event}"`)) resolve()
    })
  })
}

/** Processes start in a tenth of a second; two at a time. */
async function inTurns<T>(jobs: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = []
  for (let i = 0; i < jobs.length; i += 2) {
    results.push(...(await Promise.all(jobs.slice(i, i + 2).map((job) => job()))))
  }
  return results
}
