/** A worker's links: by reference inside the process, framed over the channel to others. */
import { invariant } from '../../core/invariant.ts'
import type { LinkCallbacks, LinkInput, LinkOutput, Links, LinkSpec } from '../../transport/link.ts'

export class WorkerLinks {
  private readonly local: Links
  private readonly remote: Links | undefined

  constructor(local: Links, remote: Links | undefined) {
    this.local = local
    this.remote = remote
  }

  openOutput(spec: LinkSpec, callbacks: LinkCallbacks): LinkOutput {
    return this.linksOf(spec).openOutput(spec, callbacks)
  }

  openInput(spec: LinkSpec, callbacks: LinkCallbacks): LinkInput {
    return this.linksOf(spec).openInput(spec, callbacks)
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
