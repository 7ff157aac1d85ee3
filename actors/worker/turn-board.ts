/** Where a worker says which task has its turn, for whoever watches a process that does not answer. */
export interface TurnBoard {
  /** The tasks of the deployment that begins, by number. */
  tasks(labels: readonly string[]): void
  /** Task `number` has its turn; −1: none. Cheap: twice a turn. */
  turn(number: number): void
}
