import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** How long the tests of a file take, in rough: those with a server the longest, then those with generated input or a flood. */
function slowness({ moduleId }: TestSpecification): number {
  const text = readFileSync(moduleId, 'utf8')
  if (text.includes('startTestServer(')) return 2
  return text.includes('fuzz') || moduleId.endsWith('flood.test.ts') ? 1 : 0
}

/** The first failure ends the tests of a change, so the quickest come first. */
class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((one, other) => slowness(one) - slowness(other))
  }
}

/** For `scripts/mutants.ts`, which names the files in `MUTANTS_TESTS`. Stryker's set-up comes before any other. */
export default defineConfig({
  test: {
    globalSetup: 'test/harness/setup.ts',
    setupFiles: ['test/harness/trust.ts', 'test/harness/umask.ts', 'test/harness/fast-hashes.ts'],
    include: process.env['MUTANTS_TESTS']?.split(' ') ?? [],
    isolate: false,
    sequence: { sequencer: QuickFirst, setupFiles: 'list' },
    // A change may leave a test waiting for ever.
    testTimeout: 10_000,
    hookTimeout: 30_000,
  },
})
