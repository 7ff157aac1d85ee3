import type { Reporter, TestModule } from 'vitest/node'

/**
 * Ends a run with one plain line, `12 passed, 0 failed`, for whoever reads the outcome without knowing vitest.
 * A file that could not be loaded, and an error outside every test, count as failures.
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      const failedBefore = count.failed
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        // A test without a result was never reached: the run was cut short.
        count[state === 'pending' ? 'failed' : state] += 1
      }
      // Errors of the file or of a suite's hooks belong to no test.
      if (module.state() === 'failed' && count.failed === failedBefore) count.failed += 1
    }
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : ''
    console.log(`${count.passed} passed, ${count.failed} failed${skipped}`)
  }
}
