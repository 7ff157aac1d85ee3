/** `millrace checkpoints DIR`: the complete checkpoints in a store. */
import { listCheckpoints, type CheckpointInfo, type StoreContents } from '../../actors/inspect.ts'
import { exitCodes } from '../exit-codes.ts'
import { byteSize, duration, grouped, localTime } from '../output/numbers.ts'
import { table } from '../output/table.ts'
import { withStore } from './open-store.ts'

/** Exit code 1 when a part of the log cannot be read: what is listed may not be all. */
export async function checkpointsCommand(
  folder: string,
  { json }: { readonly json?: true },
): Promise<number> {
  const contents = await withStore(folder, listCheckpoints)
  const text = json ? jsonLines(contents) : forPeople(contents)
  if (text !== '') process.stdout.write(`${text}\n`)
  for (const { slot, code, message } of contents.damages) {
    process.stderr.write(
      `millrace: ${code}: log slot ${slot} cannot be read, and may be a checkpoint: ${message}\n`,
    )
  }
  return contents.damages.length === 0 ? exitCodes.ok : exitCodes.failed
}

const jsonLines = ({ checkpoints }: StoreContents): string =>
  checkpoints.map((info) => JSON.stringify(info)).join('\n')

function forPeople({ checkpoints, finished }: StoreContents): string {
  if (checkpoints.length === 0) return 'no complete checkpoint'
  const text = table(
    [
      { title: 'id', align: 'right' },
      { title: 'epoch' },
      { title: 'completed' },
      { title: 'took', align: 'right' },
      { title: 'size', align: 'right' },
      { title: 'steps', align: 'right' },
      { title: 'parts', align: 'right' },
      { title: 'kind' },
    ],
    checkpoints.map((info) => [
      String(info.id),
      info.epoch,
      localTime(info.completedMs),
      duration(info.durationMs),
      byteSize(info.bytes),
      grouped(info.steps),
      grouped(info.parts),
      kindOf(info),
    ]),
  )
  const state = finished === null ? 'continues from the newest' : `finished with checkpoint ${finished}`
  return `job ${checkpoints[0]?.job}: ${state}\n\n${text}`
}

const kindOf = ({ final, savepoint, unaligned }: CheckpointInfo): string =>
  final ? 'final' : savepoint ? 'savepoint' : unaligned ? 'unaligned' : ''
