/** Every bound of the engine, with its arithmetic. Sizes in bytes unless the name says otherwise. */
const KiB = 1024
const MiB = 1024 * KiB

export const limits = {
  /** Names become subject tokens and file names; NATS and file systems both take far more. */
  nameLengthMax: 64,

  /** NATS's default `max_payload` (1 MiB, headers included); a frame never exceeds it. */
  frameBytesMax: MiB,
  /** Where a frame is flushed: 16 KB carried most over NATS when measured. */
  frameBytesTarget: 16 * KiB,
  /** Records a batch holds at most; also what one in-memory batch holds. */
  batchRecordsMax: 1024,
  /** An in-memory record's nominal size: grants are in bytes, references have none. */
  recordBytesNominal: 64,

  /** L3: each link owns at least one largest frame … */
  linkReserveBytes: MiB,
  /** … and may be topped up to this from the worker's shared budget. */
  linkGrantBytesMax: 4 * MiB,
  /** L3: all links of a worker; 256 reserves. */
  workerLinkBytesMax: 256 * MiB,

  /** C4: channel state of a task: 64 inputs backed up to their reserve, which is what a full queue shrinks to. */
  channelStateBytesMax: 64 * MiB,

  /** T1: what one invocation may emit by calls; larger results are iterables. */
  emitsPerCallMax: 10_000,
  /** Windows that one record may be in: a late record emits each of them anew, in one call. */
  windowsPerRecordMax: 10_000,
  /** Bundles that a task holds before the shuffle; they go out in one call. */
  bundlesMax: 4_096,
  /** Timers that are set by timers of the same key, one after the other, once the input has ended. */
  timersInARowMax: 10_000,
  /** How deep a record may nest before it is refused (a nesting bomb overflows the stack at ~10,000). */
  valueDepthMax: 100,

  /** Key groups of a job, fixed at its first start. */
  keyGroupsDefault: 128,
  keyGroupsMax: 32_768,
  /** A key's canonical encoding; a longer one is a record error. */
  keyBytesMax: 4 * KiB,

  /** Snapshot sections up to this go into the manifest itself and cost no file. */
  inlineSectionBytesMax: 2 * KiB,
  /** … while a task's together stay below this: 1,024 tasks then fill half a slot. */
  inlineTaskBytesMax: 32 * KiB,
  /** Where a state part is closed and the next begins: what a restore holds in memory at a time. */
  partBytesTarget: 64 * MiB,
  /** One section, hence one part, at most. */
  partBytesMax: 1024 * MiB,
  /** A manifest or any other log slot. */
  slotBytesMax: 64 * MiB,
  /** A control message: below `max_payload`. */
  controlBytesMax: 900 * KiB,

  /** K3: a commit that takes longer will not answer any more; as long as a checkpoint may take by default. */
  commitMsMax: 600_000,

  /** What a platform's timer takes: 2³¹ − 1 ms. */
  timerDelayMsMax: 2_147_483_647,
  /** Records of one task that wait for asynchronous calls; each is in every checkpoint. */
  asyncInFlightMax: 10_000,

  /** A pattern's stages, and the attempts at it that one key may have under way. */
  patternStagesMax: 32,
  patternAttemptsMax: 4_000,

  /** How far apart rows of an interval join may be: about 35,000 years, so that sums stay exact. */
  joinReachMsMax: 2 ** 50,

  parallelismMax: 1024,
  workersMax: 256,
  stepsMax: 1000,
} as const
