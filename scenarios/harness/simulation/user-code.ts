/** User code that throws or takes long: the n-th call of any step's, counted over all processes and restarts. */
import type { StepName } from '../../../core/ids.ts'
import type { Fault } from './faults.ts'
import type { World } from './world.ts'

export type CodeFault = Extract<Fault, { readonly call: number }>

export const isCodeFault = (fault: Fault): fault is CodeFault => 'call' in fault

export class UserCode {
  calls = 0
  private readonly world: World
  private readonly open: Set<CodeFault>

  constructor(world: World, faults: readonly Fault[]) {
    this.world = world
    this.open = new Set(faults.filter(isCodeFault))
  }

  call<T>(step: StepName, droppable: boolean, run: () => T): T {
    this.calls += 1
    const due = [...this.open].find(({ call }) => call <= this.calls)
    // A throw that costs a record would change the output; the next call may do.
    if (!due || (due.kind === 'throwingCode' && droppable)) return run()
    this.open.delete(due)
    this.world.count(`fault ${due.kind}`)
    this.world.note(`fault in '${step}': ${JSON.stringify(due)}`)
    if (due.kind === 'slowCode') {
      const { running } = this.world
      if (running) this.world.stop(running, due.forMs)
      return run()
    }
    if (due.when === 'after') run()
    throw new Error(`the simulation throws in '${step}'`)
  }
}
