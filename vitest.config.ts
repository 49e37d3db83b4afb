import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/harness/certificate.ts',
    setupFiles: 'test/harness/trust.ts',
    pool: 'forks',
    // Much of the time is waiting: for processes, for slow hashes on threads, for keys to rotate.
    maxWorkers: '100%',
    // For what never ends. A machine that is kept busy may take several times as long as usual.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
