/** What the worker processes load. */
import { latencyFlow } from './flow.ts'
import { readLatencySetup } from './setup.ts'

export default latencyFlow(readLatencySetup()).made
