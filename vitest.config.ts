import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**'],
    pool: 'forks',
    // The default leaves one core to nobody.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Tests of whole processes start dist/cli/main.js.
    globalSetup: './tools/fresh-build.mjs',
    reporters: ['default', './tools/closing-line-reporter.ts'],
  },
})
