/** The main job as a module, which worker processes load too: its paths come through the environment. */
import { flightsFlow } from './daily-flow.ts'
import { pathsFromEnvironment } from './environment.ts'

export default flightsFlow(pathsFromEnvironment())
