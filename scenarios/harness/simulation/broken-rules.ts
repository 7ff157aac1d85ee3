/** Codes of errors that the engine never reports unless it broke a rule of its own, whatever goes wrong around it. */
import type { RunOptions } from '../../../actors/options.ts'
import type { Fault } from './faults.ts'

/** Links wait this long for an answer, less what they need to notice (L4). */
const linkPatienceMs = 20_000

/** Links heal by themselves from all that is shorter (L4). */
export function brokenRules(
  faults: readonly Fault[],
  { failuresMax = 0, timeoutMs = Infinity }: RunOptions['checkpoints'] = {},
): ReadonlySet<string> {
  const rules = ['INVARIANT', 'LINK_PROTOCOL', 'COORDINATOR_FAILED']
  const longest = Math.max(0, ...faults.map((fault) => ('forMs' in fault ? fault.forMs : 0)))
  if (longest < linkPatienceMs) rules.push('LINK_TIMEOUT')
  // E3: only a run beside another one is superseded, or one that reads what nobody wrote.
  if (!faults.some(mayLookLikeAnother)) rules.push('SUPERSEDED')
  if (failuresMax >= manyFailures) rules.push('CHECKPOINT_FAILURES')
  if (timeoutMs >= ampleMs && faults.every(isSudden)) rules.push('CHECKPOINT_TIMEOUT')
  return new Set(rules)
}

/** No schedule has trouble for as many checkpoints in a row. */
const manyFailures = 1_000
/** A checkpoint takes some tens of milliseconds. */
const ampleMs = 1_000

/** What dies at once ends the attempt, and its checkpoint with it: nobody waits. */
const isSudden = (fault: Fault): boolean =>
  ['killWorker', 'killParent', 'rescale', 'powerLoss', 'throwingCode'].includes(fault.kind) ||
  (fault.kind === 'failpoint' && !fault.action.startsWith('stop'))

const mayLookLikeAnother = (fault: Fault): boolean =>
  ['stopParent', 'startAgain', 'bitFlip', 'bitRot'].includes(fault.kind) ||
  (fault.kind === 'failpoint' && fault.action === 'stopParent')
