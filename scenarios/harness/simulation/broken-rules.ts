/** Codes of errors that the engine never reports unless it broke a rule of its own, whatever goes wrong around it. */
import type { Fault } from './faults.ts'

/** Links wait this long for an answer, less what they need to notice (L4). */
const linkPatienceMs = 20_000

/** Links heal by themselves from all that is shorter (L4). */
export function brokenRules(faults: readonly Fault[]): ReadonlySet<string> {
  const rules = ['INVARIANT', 'LINK_PROTOCOL', 'COORDINATOR_FAILED']
  const longest = Math.max(0, ...faults.map((fault) => ('forMs' in fault ? fault.forMs : 0)))
  return new Set(longest < linkPatienceMs ? [...rules, 'LINK_TIMEOUT'] : rules)
}
