/**
 * What `run` tells while a job runs. People read it on standard error, so that standard output keeps what the
 * flow prints: a live line on a terminal, plain lines elsewhere. Machines read JSON lines on standard output.
 */
import type { JobEvent, JobStatus } from '../../index.ts'
import { takeStandardOutput } from '../json-mode.ts'
import { describeEvent } from './describe-event.ts'
import { counted, grouped } from './numbers.ts'
import { Rate } from './rate.ts'
import { StatusLine } from './status-line.ts'

export interface RunOutput {
  event(event: JobEvent): void
  /** Called when there is a job whose status can be asked for. */
  watch(status: () => JobStatus): void
  /** The job or its start failed; a `job.failed` that was told already is not told again. */
  failed(code: string, message: string): void
  close(): void
}

export function runOutput(json: boolean): RunOutput {
  return json ? jsonOutput() : humanOutput()
}

function jsonOutput(): RunOutput {
  const write = takeStandardOutput()
  let failureTold = false
  return {
    event(event) {
      failureTold ||= event.event === 'job.failed'
      write(event)
    },
    watch: () => undefined,
    failed(code, message) {
      if (!failureTold) write({ event: 'job.failed', atMs: Date.now(), code, message })
      failureTold = true
    },
    close: () => undefined,
  }
}

/** Lines that a terminal's status line stands for. */
const routine: ReadonlySet<JobEvent['event']> = new Set(['checkpoint.completed', 'job.progress'])

function humanOutput(): RunOutput {
  const { stderr } = process
  const live = stderr.isTTY
  let line: StatusLine | undefined
  return {
    event(event) {
      // The failure is printed with what to do about it when the command ends.
      if (event.event === 'job.failed' || (live && routine.has(event.event))) return
      const text = describeEvent(event)
      if (text !== undefined) stderr.write(`${text}\n`)
    },
    watch(status) {
      const rate = new Rate()
      if (live) line ??= new StatusLine(stderr, () => statusText(status(), rate))
    },
    failed: () => line?.close(),
    close: () => line?.close(),
  }
}

function statusText(status: JobStatus, rate: Rate): string {
  const { state, records, checkpoint, restarts, workers } = status
  const late = Object.values(status.lateDropped).reduce((sum, dropped) => sum + dropped, 0)
  const parts = [
    state,
    counted(records, 'record'),
    `${grouped(rate.of(records, performance.now()))}/s`,
    checkpoint === null ? 'no checkpoint yet' : `checkpoint ${checkpoint}`,
    counted(restarts, 'restart'),
  ]
  if (late > 0) parts.push(`${grouped(late)} late given up`)
  if (workers.length > 0) parts.push(counted(workers.length, 'worker'))
  return parts.join(' · ')
}
