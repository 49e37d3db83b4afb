import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/harness/certificate.ts',
    setupFiles: 'test/harness/trust.ts',
    pool: 'forks',
    // Much of the time is waiting: for processes, for slow hashes on threads, for keys to rotate.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
