import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import type { JobEvent } from '../../index.ts'
import type { PlannedKill } from './kill-plan.ts'
import { WorkerKiller } from './worker-killer.ts'

const children: ChildProcess[] = []

function startChild(): number {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  children.push(child)
  return child.pid ?? 0
}

const event = (event: JobEvent['event'], rest: object = {}): JobEvent =>
  ({ event, atMs: 0, ...rest }) as JobEvent

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

const running = (records: number, delayMs: number, victim: number): PlannedKill => ({
  when: 'running',
  records,
  delayMs,
  victim,
})

describe('WorkerKiller', () => {
  it('kills a worker after the planned progress, and waits for the restored job before the next', async () => {
    const killed: string[] = []
    const killer = new WorkerKiller([running(100, 5, 0.9), running(0, 0, 0)], ({ worker }) =>
      killed.push(worker),
    )
    killer.observe(event('worker.started', { worker: 'w0', pid: startChild() }))
    killer.observe(event('worker.started', { worker: 'w1', pid: startChild() }))
    killer.observe(event('job.restored'))
    killer.observe(event('job.progress', { records: 99 }))
    await pause(30)
    expect(killed).toEqual([])
    killer.observe(event('job.progress', { records: 100 }))
    await once(children[1] as ChildProcess, 'exit')
    expect(children[1]?.signalCode).toBe('SIGKILL')
    killer.observe(event('job.progress', { records: 200 }))
    killer.observe(event('job.restarting'))
    await pause(30)
    expect(killed).toEqual(['w1'])
    killer.observe(event('job.restored'))
    await once(children[0] as ChildProcess, 'exit')
    expect(killed).toEqual(['w1', 'w0'])
    expect(killer.kills).toBe(2)
  })

  it('a kill for a restart does not wait for its end', async () => {
    const killer = new WorkerKiller([{ ...running(0, 0, 0), when: 'restarting' }], () => undefined)
    killer.observe(event('worker.started', { worker: 'w0', pid: startChild() }))
    killer.observe(event('job.restarting'))
    await once(children[0] as ChildProcess, 'exit')
    expect(killer.kills).toBe(1)
  })

  it('a worker that is gone already does not count', async () => {
    const killer = new WorkerKiller([running(0, 0, 0)], () => undefined)
    const pid = startChild()
    children[0]?.kill('SIGKILL')
    await once(children[0] as ChildProcess, 'exit')
    killer.observe(event('worker.started', { worker: 'w0', pid }))
    killer.observe(event('job.restored'))
    await pause(30)
    expect(killer.kills).toBe(0)
  })

  it('kills nothing once the job is over', async () => {
    const killer = new WorkerKiller([running(0, 20, 0)], () => undefined)
    killer.observe(event('worker.started', { worker: 'w0', pid: startChild() }))
    killer.observe(event('job.restored'))
    killer.observe(event('job.finished'))
    await pause(60)
    expect(killer.kills).toBe(0)
    expect(children[0]?.signalCode).toBeNull()
  })
})

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
