/** What a user's handlers emit with: counted (T1), and refused once the handler has returned. */
import { limits } from '../../core/limits.ts'
import { OperatorError } from '../errors.ts'
import type { Emit, OperatorContext } from '../operator.ts'
import type { SideOutput } from '../side-output.ts'

export class HandlerEmits {
  readonly emit: Emit
  readonly emitTo: (side: SideOutput<never>, record: unknown) => void
  private readonly step: OperatorContext['step']
  /** By the handler that runs; infinitely many while none does. */
  private emitted = Infinity

  constructor({ step, emit, emitTo }: Pick<OperatorContext, 'step' | 'emit' | 'emitTo'>) {
    this.step = step
    this.emit = (record) => {
      if ((this.emitted += 1) > limits.emitsPerCallMax) throw this.refused()
      emit(record)
    }
    this.emitTo = ({ name }, record) => {
      if ((this.emitted += 1) > limits.emitsPerCallMax) throw this.refused()
      emitTo(name, record)
    }
  }

  /** A handler is called. */
  begin(): void {
    this.emitted = 0
  }

  /** It returned, or threw. */
  end(): void {
    this.emitted = Infinity
  }

  private refused(): OperatorError {
    const { step } = this
    if (this.emitted === Infinity) {
      return new OperatorError(
        'EMIT_OUTSIDE',
        `'${step}' emitted outside of its handlers; what is emitted after a handler returned belongs to no record and to no checkpoint: emit before it returns`,
        { retry: 'fatal', details: { step } },
      )
    }
    return new OperatorError(
      'EMITS_TOO_MANY',
      `'${step}' emitted more than ${limits.emitsPerCallMax} records in one call; return them from flatMap as an iterable`,
      { retry: 'fatal', details: { step } },
    )
  }
}
