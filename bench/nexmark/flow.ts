/** The flow as a module, which worker processes load. */
import { flowOf, setupFromEnvironment } from './harness/job-setup.ts'

export default flowOf(setupFromEnvironment())
