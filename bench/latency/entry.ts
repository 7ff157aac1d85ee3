/** What the worker processes load. */
import { latencyFlow } from './flow.ts'
import { latencySetup } from '../harness/worker-setups.ts'

export default latencyFlow(latencySetup.read()).made
