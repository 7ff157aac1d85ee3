// Before the tests: dist/ as fresh as the sources. A type error is told but stops no test, so that one folder can
// be tested while another does not compile; `npm test` (its pretest) and `npm run types` do stop at it.
import { build } from './build.mjs'

export default function freshBuild() {
  try {
    build({ ifStale: true })
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}; testing with what tsc emitted`)
  }
}
