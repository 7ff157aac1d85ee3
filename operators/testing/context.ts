/** For tests: what an operator is given, with stand-ins for what a test is not about. */
import { stepName } from '../../core/ids.ts'
import type { OperatorContext } from '../operator.ts'

export const fakeContext = (given: Partial<OperatorContext> = {}): OperatorContext => ({
  step: stepName('s'),
  emit: () => undefined,
  emitTo: () => undefined,
  gate: { leftovers: 0 },
  ...given,
})
