/** The bank as a module, which the command and its worker processes load: its paths come through the environment. */
import { bankFlow } from './bank.ts'
import { pathsFromEnvironment } from './environment.ts'

export default bankFlow(pathsFromEnvironment())
