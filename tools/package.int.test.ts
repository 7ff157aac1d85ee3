// What is published: packed, installed into an empty project, and used there as a user would.
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const execute = promisify(execFile)
const project = mkdtempSync(join(tmpdir(), 'millrace-package-'))
afterAll(() => rmSync(project, { recursive: true, force: true }))

const hello = `
import { flow, run, fromArray, toConsole } from 'millrace'
const hello = flow('hello')
hello.source('names', fromArray(['ada', 'grace']))
  .map('greet', (name) => \`hello, \${name}\`)
  .sink('print', toConsole())
export default hello
`

describe('the packed package, in an empty project', () => {
  beforeAll(async () => {
    await execute('npm', ['pack', '--ignore-scripts', '--pack-destination', project], { cwd: root })
    const archive = readdirSync(project).find((name) => name.endsWith('.tgz')) ?? 'none'
    writeFileSync(
      join(project, 'package.json'),
      JSON.stringify({ name: 'empty', type: 'module', private: true }),
    )
    await execute('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${archive}`], {
      cwd: project,
    })
    writeFileSync(join(project, 'hello.ts'), hello)
    writeFileSync(join(project, 'script.js'), `${hello}\nawait run(hello)\n`)
  }, 180_000)

  it('runs the hello flow from a script', async () => {
    const { stdout } = await execute(process.execPath, ['script.js'], { cwd: project })
    expect(stdout).toBe('hello, ada\nhello, grace\n')
  })

  it('runs it from the command line, also over worker processes', async () => {
    const millrace = join(project, 'node_modules/.bin/millrace')
    for (const workers of ['0', '2']) {
      const { stdout } = await execute(millrace, ['run', 'hello.ts', '--workers', workers, '--json'], {
        cwd: project,
      })
      expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
        event: 'job.finished',
        records: 2,
      })
    }
  })

  it('offers millrace/testing', async () => {
    const code = `import('millrace/testing').then((testing) => console.log(typeof testing.simulate))`
    const { stdout } = await execute(process.execPath, ['-e', code], { cwd: project })
    expect(stdout.trim()).toBe('function')
  })
})
