import { z } from 'zod'
import { printable } from './output.ts'

/** The results of a manifest's tests in the answers of the admin API. */
export const testsAnswer = z.array(
  z.looseObject({
    name: z.string(),
    passed: z.boolean(),
    file: z.string(),
    line: z.int(),
    column: z.int(),
    differences: z.array(z.looseObject({ expected: z.string(), got: z.string() })),
  }),
)

type ShownTests = z.output<typeof testsAnswer>

/** One line for each test, such as `FAILED nightly: expected scopes read, got read edit (manifest.yaml:12:5)`. */
export const testLines = (tests: ShownTests): readonly string[] =>
  tests.map(({ name, passed, file, line, column, differences }) => {
    if (passed) return `ok ${printable(name)}`
    const all = differences.map(({ expected, got }) => `expected ${expected}, got ${got}`)
    return printable(`FAILED ${name}: ${all.join('; ')} (${file}:${line}:${column})`)
  })

/** The number of tests, and of those that failed. */
export function testSummary(tests: ShownTests): string {
  const failed = tests.filter(({ passed }) => !passed).length
  const all = `${tests.length} ${tests.length === 1 ? 'test' : 'tests'}`
  return failed === 0 ? `${all} passed` : `${failed} of ${all} failed`
}
