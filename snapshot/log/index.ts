export { claimTerm, refuseHigherTerm } from './claim.ts'
export {
  emptyHistory,
  extendHistory,
  hidingDamages,
  highestCheckpoint,
  readHistory,
  type History,
  type LoggedCheckpoint,
  type TermHistory,
} from './history.ts'
export { comparePlaces, placeLabel, type SlotPlace, type SlotRecord } from './record.ts'
export { decodeSlot } from './slot-format.ts'
export { TermWriter, type AppendOutcome } from './term-writer.ts'
