/** The embedded server's deaths and returns as the job's events; one that does not come back ends the job. */
import type { MillraceError } from '../../core/errors.ts'
import type { JobEventBody } from '../events.ts'
import type { OpenedHost } from '../system/open-host.ts'

export interface NatsWatch {
  /** Why the server does not start any more: no attempt can work without it. */
  readonly failure: MillraceError | undefined
}

interface NatsEvents {
  readonly emit: (body: JobEventBody) => void
  readonly failed: (error: MillraceError) => void
}

export function watchNats(nats: OpenedHost['nats'], { emit, failed }: NatsEvents): NatsWatch {
  let failure: MillraceError | undefined
  const started = (pid: number): void => {
    if (nats) emit({ event: 'nats.started', pid, url: nats.url })
  }
  if (nats) started(nats.pid)
  nats?.watch({
    restarted: started,
    died: (pid, { code, signal }) =>
      emit({ event: 'nats.lost', pid, reason: signal === null ? `exit code ${code}` : `signal ${signal}` }),
    givenUp: (error) => {
      failure = error
      failed(error)
    },
  })
  return {
    get failure() {
      return failure
    },
  }
}
