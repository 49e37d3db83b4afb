/**
 * `npm run test:mutants -- PLACE...` changes files of `src/`, one small change at a time, and says which changes no test of the same
 * folder in `test/` notices. A place is a folder, such as `policy`, or a file, such as `policy/scopes.ts`. Results stay in
 * `reports/mutants/`, and another run tries only what they leave open. `--tables` tries the changes to tables and constants, too. They
 * take long, since all tests run for each.
 */

import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'
import { makeTemporaryFolder } from '../test/harness/temporary-folder.ts'

/** These measure time or wait for it, start several servers, or are about libraries of others. */
const LEFT_OUT = [
  'test/client-auth/libraries.test.ts',
  'test/client-auth/timing.test.ts',
  'test/client-auth/secrets/work.test.ts',
  'test/client-auth/throttle/ways.test.ts',
  'test/keys/master-key-in-use.test.ts',
  'test/keys/unusable.test.ts',
  'test/keys/verifiers-across-nodes.test.ts',
  'test/keys/verifiers-during-rotation.test.ts',
  'test/tokens/revocation/revocation.test.ts',
]

const { positionals, values } = parseArgs({ allowPositionals: true, options: { tables: { type: 'boolean' } } })
if (positionals.length === 0) throw new Error('Name folders or files of src/, such as policy or policy/scopes.ts')
// A property that a change breaks mostly fails soon.
process.env['FUZZ_RUNS'] ??= '2000'
const temporary = makeTemporaryFolder()
if (temporary !== undefined) process.env['TMPDIR'] = temporary
for (const place of positionals) await tryPlace(place)

async function tryPlace(place: string): Promise<void> {
  const isFile = place.endsWith('.ts')
  const folder = isFile ? dirname(place) : place
  const files = globSync(isFile ? `src/${place}` : `src/${folder}/*.ts`)
  if (files.length === 0) throw new Error(`src/${place} has no files`)
  const tests = globSync(`test/${folder}/*.test.ts`).filter((file) => !LEFT_OUT.includes(file))
  const results = `reports/mutants/${folder.replaceAll('/', '-')}`
  // A server takes seconds to start. So the first run has the other tests alone, and the second tries what that leaves open.
  const quick = tests.filter((file) => !readFileSync(file, 'utf8').includes('startTestServer('))
  const isFirst = quick.length > 0 && quick.length < tests.length && !existsSync(`${results}.json`)
  if (isFirst) await tryFiles(files, quick, results)
  await tryFiles(files, tests, results)
}

async function tryFiles(files: string[], tests: readonly string[], results: string): Promise<void> {
  // With Stryker's own option for this, no change to a table would take effect.
  process.env['MUTANTS_TESTS'] = tests.join(' ')
  await new Stryker({
    mutate: files,
    testRunner: 'vitest',
    plugins: [import.meta.resolve('@stryker-mutator/vitest-runner')],
    // The files share a process, as most do in `npm test`. Vitest starts another for each change.
    vitest: { configFile: 'vitest.mutants.config.ts', related: false, pool: 'forks' },
    coverageAnalysis: 'perTest',
    ignoreStatic: values.tables !== true,
    concurrency: 2,
    // A busy machine may take long, and a change that ends in time is not noticed.
    timeoutMS: 20_000,
    incremental: true,
    incrementalFile: `${results}.json`,
    reporters: ['clear-text', 'html', 'progress-append-only'],
    htmlReporter: { fileName: `${results}.html` },
    clearTextReporter: { logTests: false, reportTests: false },
    // Stryker would read `tsconfig.json` with an API that TypeScript 7 does not have.
    tsconfigFile: 'none',
    ignorePatterns: ['console/built', 'dist', 'reports', 'site'],
  }).runMutationTest()
}
