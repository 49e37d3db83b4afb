import { expect, test } from 'vitest'
import { testLines, testSummary, testsAnswer } from '../../src/cli/tests-text.ts'
import { testsBody } from '../../src/management/manifest/tests/results-body.ts'

const place = { file: 'manifest.yaml', line: 12, column: 5 }
const passed = { name: 'nightly', ...place, differences: [] }
const failed = {
  name: 'the batch\u0007 reads',
  ...place,
  differences: [
    { expected: 'scopes read', got: 'read edit' },
    { expected: 'bound to dpop', got: 'nothing' },
  ],
}

test('a test is one line, and a failed one has each difference and its place', () => {
  const shown = testsAnswer.parse(JSON.parse(JSON.stringify(testsBody([passed, failed]))))
  expect(testLines(shown)).toEqual([
    'ok nightly',
    'FAILED the batch\\u0007 reads: expected scopes read, got read edit; expected bound to dpop, got nothing (manifest.yaml:12:5)',
  ])
})

test.each([
  [[passed], '1 test passed'],
  [[passed, passed], '2 tests passed'],
  [[passed, failed], '1 of 2 tests failed'],
])('the summary counts them', (results, line) => {
  expect(testSummary(testsAnswer.parse(testsBody(results)))).toBe(line)
})

test('the JSON says of each test whether it passed', () => {
  expect(testsBody([passed, failed])).toEqual([
    { name: 'nightly', passed: true, ...place, differences: [] },
    { name: failed.name, passed: false, ...place, differences: failed.differences },
  ])
})
