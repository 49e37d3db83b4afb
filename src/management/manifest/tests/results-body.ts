import type { TestResult } from './run.ts'

/** The results of tests as JSON. */
export const testsBody = (results: readonly TestResult[]) =>
  results.map(({ name, file, line, column, differences }) => ({
    name,
    passed: differences.length === 0,
    file,
    line,
    column,
    differences,
  }))
