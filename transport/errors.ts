import { MillraceError, type ErrorClass } from '../core/errors.ts'

export type LinkErrorCode =
  /** L3: reserve × links exceeds the worker's budget. */
  | 'LINK_BUDGET'
  /** L4: no answer for `linkTimeoutMs` while connected. */
  | 'LINK_TIMEOUT'
  /** A frame or answer that its checksum confirms and the protocol forbids. */
  | 'LINK_PROTOCOL'
  /** One link id opened twice. */
  | 'LINK_OPEN'

export class LinkError extends MillraceError<LinkErrorCode> {}

/** One record whose frame is larger than any message may be; `bytes` is undefined where it is not even encoded. */
export class RecordTooLargeError extends MillraceError<'RECORD_TOO_LARGE'> {
  constructor(index: number, bytes: number | undefined, bytesMax: number) {
    const found = bytes === undefined ? 'one of more' : `one of ${bytes} bytes`
    super(
      'RECORD_TOO_LARGE',
      `a record must fit into a frame of at most ${bytesMax} bytes, got ${found}; send a reference to large content, or split the record`,
      { retry: 'record', details: { index, bytes, bytesMax } },
    )
  }
}

export type TransportErrorCode =
  'NATS_UNREACHABLE' | 'NATS_OPTIONS' | 'NATS_SERVER_MISSING' | 'NATS_SERVER_FAILED'

export class TransportError extends MillraceError<TransportErrorCode> {
  constructor(
    code: TransportErrorCode,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>>; retry?: ErrorClass } = {},
  ) {
    super(code, message, { retry: 'fatal', ...options })
  }
}
