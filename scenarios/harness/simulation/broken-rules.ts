/** Codes of errors that the engine never reports unless it broke a rule of its own, whatever goes wrong around it. */
import type { Fault } from './faults.ts'

/** Links wait this long for an answer, less what they need to notice (L4). */
const linkPatienceMs = 20_000

/** Links heal by themselves from all that is shorter (L4). */
export function brokenRules(faults: readonly Fault[]): ReadonlySet<string> {
  const rules = ['INVARIANT', 'LINK_PROTOCOL', 'COORDINATOR_FAILED']
  const longest = Math.max(0, ...faults.map((fault) => ('forMs' in fault ? fault.forMs : 0)))
  if (longest < linkPatienceMs) rules.push('LINK_TIMEOUT')
  // E3: only a run beside another one is superseded, or one that reads what nobody wrote.
  if (!faults.some(mayLookLikeAnother)) rules.push('SUPERSEDED')
  return new Set(rules)
}

const mayLookLikeAnother = (fault: Fault): boolean =>
  ['stopParent', 'startAgain', 'bitFlip', 'bitRot'].includes(fault.kind) ||
  (fault.kind === 'failpoint' && fault.action === 'stopParent')
