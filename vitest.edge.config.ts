import { defineConfig } from 'vitest/config'
import { ProofsReporter } from './test/support/proofs-reporter.ts'

/** What runs in Cloudflare's runtime: `npm run test:edge`. */
export default defineConfig({
  test: {
    reporters: ['default', new ProofsReporter()],
    name: 'edge',
    include: ['test/edge/**/*.test.ts'],
    globalSetup: ['test/support/edge-bundle.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000, interval: 20 } },
    maxWorkers: 2,
  },
})
