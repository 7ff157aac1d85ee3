/** C4: what a checkpoint holds of one link, as frames. */
import { PartError } from '../../snapshot/errors.ts'
import { channelLabel, sameChannel, type ChannelScope } from '../../snapshot/manifest.ts'
import { readChannel } from '../../transport/channel-recording.ts'
import type { ChannelFrame } from '../../transport/link.ts'
import type { RestoredCheckpoint } from './restored-checkpoint.ts'

/** Rejects with `PART_MISSING` or `PART_DAMAGED`. */
export async function restoredChannel(
  restored: RestoredCheckpoint | undefined,
  channel: ChannelScope,
): Promise<readonly ChannelFrame[]> {
  const section = restored
    ?.sections(channel.to)
    .find(({ scope }) => scope.kind === 'channel' && sameChannel(scope, channel))
  if (!section || !restored) return []
  const bytes = await restored.read(section)
  try {
    return [...readChannel(bytes)]
  } catch (cause) {
    throw new PartError(
      'PART_DAMAGED',
      `the channel state of ${channelLabel(channel)} cannot be read: ${(cause as Error).message}; restore the store from a copy, or consent to an older checkpoint`,
      { cause },
    )
  }
}
