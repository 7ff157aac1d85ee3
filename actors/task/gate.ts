/** T1: an invocation starts only while both are 0. */
export interface Gate {
  /** Outputs without room. */
  blocked: number
  /** Iterables that are not pulled empty yet. */
  leftovers: number
}

export const openGate = (): Gate => ({ blocked: 0, leftovers: 0 })

export const isOpen = (gate: Gate): boolean => gate.blocked === 0 && gate.leftovers === 0
