/** The script of a worker process whose flow is a module's default export. */
import { pathToFileURL } from 'node:url'
import { isFlow } from '../../operators/flow.ts'
import { ConfigError } from '../../core/errors.ts'
import { systemPorts } from '../../core/system/index.ts'
import { becomeWorker } from './become-worker.ts'
import { readWorkerBoot } from './worker-boot.ts'

const boot = readWorkerBoot()
if (boot?.entry === undefined)
  throw new ConfigError('WORKER_BOOT', 'this script is started by run(), not by hand')
const url = boot.entry.startsWith('file:') ? boot.entry : pathToFileURL(boot.entry).href
const loaded = (await import(url)) as { default?: unknown }
if (!isFlow(loaded.default)) {
  throw new ConfigError(
    'FLOW_MISSING',
    `${boot.entry} must export a flow as its default, got ${typeof loaded.default}`,
  )
}
await becomeWorker(loaded.default.graph(), boot, systemPorts)
