import { defineConfig } from 'vitest/config'
import { ProofsReporter } from './test/support/proofs-reporter.ts'

/** What breaks the product on purpose, at length: `npm run test:faults`, and `npm run test:soak`. */
export default defineConfig({
  test: {
    reporters: ['default', new ProofsReporter()],
    name: 'faults',
    include: ['test/faults/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    testTimeout: 1_200_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000, interval: 20 } },
    // Load and latency are measured: nothing else runs meanwhile.
    maxWorkers: 1,
  },
})
