import { defineConfig } from 'vitest/config'
import { ProofsReporter } from './test/support/proofs-reporter.ts'

export default defineConfig({
  test: {
    reporters: ['default', new ProofsReporter()],
    // How long is waited is patience only: a machine may be slow, and a test that passes waits for less.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000, interval: 20 } },
    // Most tests wait for git, timers and paces, so more of them than there are cores go side by side.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/edge/**', 'test/faults/**'],
        },
      },
      {
        extends: true,
        test: {
          // What a file database proves, proved of a libSQL server: `tempDatabase` opens one.
          name: 'remote',
          include: [
            'test/{store,servers}/**/*.test.ts',
            'test/release/{adoption,controls,reindex}.test.ts',
            'test/{notify/courier,commands/authenticate}.test.ts',
          ],
          // They open a libSQL server in whichever project they run.
          exclude: ['test/store/remote*.test.ts'],
          env: { GIMLET_TEST_DATABASE: 'remote' },
        },
      },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/build.ts'],
        },
      },
    ],
  },
})
