import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const call = (command: string, ...args: string[]) => {
  const path = fileURLToPath(new URL(`../dist/scenarios/${command}.js`, import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...args], { encoding: 'utf8' })
  return { status, stdout, stderr }
}

describe.each([
  ['sim', ['--seeds', 'many'], '--seeds must be a whole number ≥ 1, got "many"'],
  ['mutants', ['--only', 'nothing'], "no mutant is named 'nothing'; there are "],
  ['chaos', ['--kills', '0'], '--kills must be a whole number ≥ 1, got "0"'],
  ['fuzz', ['--cases', '1.5'], '--cases must be a whole number ≥ 1, got "1.5"'],
])('npm run %s', (command, wrong, message) => {
  it('answers wrong arguments with what would be right, and --help with its usage', () => {
    expect(call(command, ...wrong)).toMatchObject({ status: 2, stderr: expect.stringContaining(message) })
    expect(call(command, '--what')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('usage: npm run'),
    })
    expect(call(command, '--help')).toEqual({
      status: 0,
      stdout: expect.stringContaining('usage: npm run'),
      stderr: '',
    })
  })
})
