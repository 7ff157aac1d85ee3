import type { WorkerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'

/** Tasks of equal index share a worker, so that forward links stay inside it; indexes go round. */
export function placeTask(index: number, workers: readonly WorkerId[]): WorkerId {
  const worker = workers[index % workers.length]
  invariant(worker !== undefined, 'placement needs a worker')
  return worker
}
