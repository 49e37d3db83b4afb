import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const startsServer = ({ moduleId }: TestSpecification): number =>
  Number(readFileSync(moduleId, 'utf8').includes('startTestServer('))

/** The first failure ends the tests of a change, so those that start no server come first. */
class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((one, other) => startsServer(one) - startsServer(other))
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
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
