/** `millrace inspect DIR`: what is in a checkpoint, and the state of one key. */
import { inspect } from 'node:util'
import { CheckpointView, type KeyState } from '../../actors/inspect.ts'
import { MillraceError } from '../../index.ts'
import { exitCodes } from '../exit-codes.ts'
import { byteSize, counted, grouped, localTime } from '../output/numbers.ts'
import { toJson } from '../output/json.ts'
import { table } from '../output/table.ts'
import { UsageError } from '../usage-error.ts'
import { parseKeys } from './parse-keys.ts'
import { withStore } from './open-store.ts'

export interface InspectArguments {
  readonly checkpoint?: number
  readonly operator?: string
  readonly key?: string
  readonly json?: true
}

export async function inspectCommand(folder: string, given: InspectArguments): Promise<number> {
  const { operator, key } = given
  const json = given.json === true
  if (key !== undefined && operator === undefined) {
    throw new UsageError('OPTION_ILLEGAL', '--key needs --operator NAME: the step that holds the state')
  }
  await withStore(folder, async (store) => {
    const view = await CheckpointView.open(store, given.checkpoint)
    if (operator === undefined) print(json ? stepLines(view) : stepTable(view))
    else if (key === undefined) print(await showStep(view, operator, json))
    else print(showKey(await findKey(view, operator, key), json))
  })
  return exitCodes.ok
}

const print = (text: string): void => void process.stdout.write(`${text}\n`)

function stepTable(view: CheckpointView): string {
  const { info, steps } = view
  const rows = steps.map(({ step, version, bytes, sections }) => [
    step,
    String(version),
    grouped(sections.length),
    byteSize(bytes),
  ])
  const columns = [
    { title: 'step' },
    { title: 'version', align: 'right' },
    { title: 'sections', align: 'right' },
    { title: 'size', align: 'right' },
  ] as const
  const kind = info.final ? 'final checkpoint' : info.savepoint ? 'savepoint' : 'checkpoint'
  const head = `${kind} ${info.id} of job ${info.job}, epoch ${info.epoch}, ${localTime(info.completedMs)}, ${byteSize(info.bytes)}`
  const onTheWay =
    info.channelBytes > 0 ? `\nunaligned: ${byteSize(info.channelBytes)} on their way between tasks` : ''
  return `${head}${onTheWay}\n\n${table(columns, rows)}`
}

const stepLines = ({ info, steps }: CheckpointView): string =>
  steps
    .map(({ step, version, bytes, sections }) =>
      toJson({ checkpoint: info.id, step, version, bytes, sections: sections.length }),
    )
    .join('\n')

async function showStep(view: CheckpointView, operator: string, json: boolean): Promise<string> {
  const { step, version, bytes, sections } = view.step(operator)
  const values = new Map((await view.values(operator)).map(({ scope, value }) => [scope, value]))
  const checkpoint = view.info.id
  if (json) {
    const described = sections.map((section) => ({ ...section, value: values.get(section.scope) }))
    return toJson({ checkpoint, step, version, bytes, sections: described })
  }
  const rows = sections.map(({ scope, bytes: size, part }) => [
    scope,
    byteSize(size),
    part ?? '(in the log)',
    values.has(scope) ? inspect(values.get(scope), { breakLength: Infinity, depth: 4 }) : '',
  ])
  const columns = [
    { title: 'section' },
    { title: 'size', align: 'right' },
    { title: 'part' },
    { title: 'value' },
  ] as const
  return `${step} in checkpoint ${checkpoint}: ${byteSize(bytes)} in ${counted(sections.length, 'section')}\n\n${table(columns, rows)}`
}

async function findKey(view: CheckpointView, operator: string, text: string): Promise<KeyState> {
  for (const key of parseKeys(text)) {
    const state = await view.key(operator, key)
    if (state) return state
  }
  throw new MillraceError(
    'KEY_UNKNOWN',
    `'${operator}' holds no state for the key ${text} in checkpoint ${view.info.id}; strings may be given plain, numbers and tuples as JSON`,
    { retry: 'fatal' },
  )
}

function showKey(state: KeyState, json: boolean): string {
  if (json) return toJson(state)
  const cells = Object.entries(state.cells).map(
    ([name, value]) =>
      `${name}: ${inspect(value, { depth: 8, maxArrayLength: 1000, maxStringLength: 10_000 })}`,
  )
  return [
    `${state.step}, key ${inspect(state.key)} (group ${state.group}, version ${state.version})`,
    ...cells,
  ].join('\n')
}
