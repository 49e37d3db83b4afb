import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { LongFirst } from './test/harness/long-first.ts'
import { makeTemporaryFolder } from './test/harness/temporary-folder.ts'
import { PATIENCE } from './test/harness/until.ts'

/** Files that replace a module or depend on what a process remembers: each gets a process of its own. */
const ALONE = [
  'test/cli/federate.test.ts',
  'test/crypto/jws/verify.test.ts',
  'test/endpoints/pipeline.test.ts',
  'test/faults/{history,nth-call,patroni,reopen,upgrade}.test.ts',
]
/** Files that measure their process or its answers also get processes of their own, with fewer neighbours. */
const MEASURED = [
  'test/client-auth/secrets/memory.test.ts',
  'test/client-auth/throttle/memory.test.ts',
  'test/client-auth/timing.test.ts',
  'test/conditions/**/*.test.ts',
  'test/faults/**/*.test.ts',
  'test/leaks/**/*.test.ts',
  'test/limits/**/*.test.ts',
  'test/model/directory/memory.test.ts',
  'test/policy/memory.test.ts',
  'test/store/{client-bytes,shared-settings}.test.ts',
  'test/tokens/introspection/memory.test.ts',
  'test/tokens/revocation/revocation.test.ts',
]

const processors = availableParallelism()
const folder = makeTemporaryFolder()
if (folder !== undefined) process.env['TMPDIR'] = folder

export default defineConfig({
  test: {
    globalSetup: 'test/harness/setup.ts',
    setupFiles: ['test/harness/trust.ts', 'test/harness/umask.ts'],
    pool: 'forks',
    // For what never ends. A machine that is kept busy may take several times as long as usual.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: PATIENCE } },
    sequence: { sequencer: LongFirst },
    projects: [
      // Much of the time is waiting: for processes, for slow hashes on threads, for keys to rotate.
      {
        extends: true,
        test: {
          name: 'measured',
          include: MEASURED,
          exclude: ALONE,
          maxWorkers: Math.ceil(1.5 * processors),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE, maxWorkers: 2 * processors, sequence: { groupOrder: 1 } },
      },
      // Loading the server anew for each file would take half of the time of the suite.
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...ALONE, ...MEASURED],
          isolate: false,
          maxWorkers: 2 * processors,
          sequence: { groupOrder: 1 },
          setupFiles: ['test/harness/fast-hashes.ts'],
        },
      },
    ],
  },
})
