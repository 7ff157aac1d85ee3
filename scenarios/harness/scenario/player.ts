/** The script of a played scenario's processes: the parent runs the flow, in its workers `run` makes them so. */
import { setTimeout as sleep } from 'node:timers/promises'
import { readWorkerBoot } from '../../../actors/system/worker-boot.ts'
import { isTyped } from '../../../core/errors.ts'
import { invariant } from '../../../core/invariant.ts'
import { fileStore, run } from '../../../index.ts'
import { KillingFailpoints } from './killing-failpoints.ts'
import { playVariable, type PlayBoot, type PlayFailed } from './play-boot.ts'
import { isDeclared } from './scenario.ts'

const breatheMs = 10
const boot = JSON.parse(process.env[playVariable] ?? '{}') as PlayBoot
const exported = Object.values((await import(boot.module)) as object).flat() as unknown[]
const found = exported.find((each) => isDeclared(each) && each.name === boot.scenario)
invariant(isDeclared(found), `${boot.module} exports the scenario '${boot.scenario}'`)
const { transport, seed, folder } = boot
const { flow } = found.play({ transport, seed, folder, breathe: () => sleep(breatheMs) })
const workers = transport === 'nats' ? 2 : 0
const role = readWorkerBoot() ? 'worker' : workers === 0 ? 'alone' : 'parent'
const failpoints = new KillingFailpoints({ points: found.killPoints, flow, folder: boot.points, role })
const print = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`)

try {
  const given = found.options.run
  const job = await run(flow, {
    parallelism: 2,
    restart: { restartsMax: 50, delayMs: 10, delayMsMax: 100 },
    ...given,
    workers,
    checkpoints: { everyMs: 30, keep: 10_000, ...given?.checkpoints, store: fileStore(boot.store) },
    ports: { failpoints },
  })
  job.finished.catch(() => undefined)
  for await (const event of job.events) print(event)
  await job.finished
} catch (error) {
  const { name, message } = error as Error
  const failed: PlayFailed = { event: 'play.failed', code: isTyped(error) ? error.code : name, message }
  print(failed)
  process.exitCode = 1
}
