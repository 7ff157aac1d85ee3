/** Faults 78, 80, 82 and 83: user code that ends its process, or never ends itself. */
import { openSync } from 'node:fs'
import { scenario, type DeclaredScenario, type Play, type Stage } from '../harness/scenario/scenario.ts'
import { flow, fromGenerator, toJsonl } from '../../index.ts'

const records = 400
const fatalRecord = 230

/** Runs `fatal` at one record, once over all processes. */
const endingOnce =
  (fatal: () => void) =>
  (stage: Stage): Play => {
    const made = flow('ending')
    made
      .source(
        'numbers',
        fromGenerator<number, number>({
          splits: 2,
          async *open(position, split) {
            for (let i = position ?? 0; i * 2 + split < records; i += 1) {
              if (i % 10 === 0) await stage.breathe()
              yield { value: i * 2 + split, position: i + 1 }
            }
          },
        }),
      )
      .map('touch', (id) => {
        if (id === fatalRecord && isFirst(`${stage.folder}.ended`)) fatal()
        return { id }
      })
      .keyBy('by-rest', ({ id }) => id % 7)
      .reduce('last', (_before, record) => record)
      .sink('out', toJsonl(`${stage.folder}/out`))
    return {
      flow: made,
      records,
      expect: { out: Array.from({ length: records }, (_, id) => ({ id })) },
      check: ({ events }) =>
        events.some(({ event }) => event === 'worker.lost') ? [] : ['no worker was lost'],
    }
  }

/** True for the first process that asks. */
function isFirst(path: string): boolean {
  try {
    openSync(path, 'wx')
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function exhaustMemory(): void {
  const held: unknown[] = []
  for (;;) held.push(Array.from({ length: 1_000_000 }, (_, index) => ({ index })))
}

interface Entry {
  readonly name: string
  readonly fault: number
  readonly promise: string
  readonly fatal: () => void
}

function loopForEver(): void {
  for (;;);
}

const entries: readonly Entry[] = [
  {
    name: 'endless-loop',
    fault: 80,
    promise: 'a worker whose event loop has not turned for a minute is killed and replaced',
    fatal: loopForEver,
  },
  {
    name: 'unhandled-rejection',
    fault: 78,
    promise: 'a promise that user code forgets and that rejects ends its worker, which is replaced',
    fatal: () => void Promise.reject(new Error('forgotten')),
  },
  {
    name: 'out-of-memory',
    fault: 82,
    promise: 'a worker that runs out of memory is replaced, and nothing is counted twice',
    fatal: exhaustMemory,
  },
  {
    name: 'exits',
    fault: 83,
    promise: 'a worker whose user code calls process.exit is replaced',
    fatal: () => process.exit(0),
  },
]

export const endingProcesses: readonly DeclaredScenario[] = entries.map(({ name, fault, promise, fatal }) =>
  scenario(
    name,
    { group: 'user-code', faults: [fault], promise, module: import.meta.url, transports: ['nats'] },
    endingOnce(fatal),
  ),
)
