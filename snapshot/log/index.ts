export { claimTerm, refuseHigherTerm, type Claim } from './claim.ts'
export {
  emptyHistory,
  extendHistory,
  hidingDamages,
  highestCheckpoint,
  readHistory,
  type Damage,
  type History,
  type LoggedCheckpoint,
  type LoggedFinish,
  type LoggedSlot,
  type TermHistory,
} from './history.ts'
export { comparePlaces, placeLabel, type SlotPlace, type SlotRecord } from './record.ts'
export { decodeSlot, encodeSlot, slotFormat, slotHeaderBytes } from './slot-format.ts'
export { TermWriter, type AppendOutcome } from './term-writer.ts'
