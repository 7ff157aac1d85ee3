/** A worker's links: by reference inside the process, framed over the channel to others. */
import { invariant } from '../../core/invariant.ts'
import type { Trace } from '../../core/ports/trace.ts'
import type { LinkCallbacks, LinkInput, LinkOutput, Links, LinkSpec } from '../../transport/link.ts'
import { TracedInput, TracedOutput } from './traced-links.ts'

export class WorkerLinks {
  private readonly local: Links
  private readonly remote: Links | undefined
  private readonly trace: Trace | undefined

  constructor(local: Links, remote: Links | undefined, trace?: Trace) {
    this.local = local
    this.remote = remote
    this.trace = trace
  }

  openOutput(spec: LinkSpec, callbacks: LinkCallbacks): LinkOutput {
    const output = this.linksOf(spec).openOutput(spec, callbacks)
    return this.trace ? new TracedOutput(output, this.trace) : output
  }

  openInput(spec: LinkSpec, callbacks: LinkCallbacks): LinkInput {
    const input = this.linksOf(spec).openInput(spec, callbacks)
    return this.trace ? new TracedInput(input, this.trace) : input
  }

  private linksOf(spec: LinkSpec): Links {
    if (spec.fromWorker === spec.toWorker) return this.local
    invariant(
      this.remote !== undefined,
      `link ${spec.from} → ${spec.to} leaves the process, but there is no channel`,
    )
    return this.remote
  }
}
