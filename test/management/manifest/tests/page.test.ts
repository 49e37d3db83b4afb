import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testLines, testsAnswer } from '../../../../src/cli/tests-text.ts'
import { testsBody } from '../../../../src/management/manifest/tests/results-body.ts'
import { resultsOf } from '../../../harness/manifest-tests.ts'
import { openDatabase } from './setting.ts'

const page = readFileSync('docs/operating/manifest-tests.md', 'utf8')
const [, manifest = ''] = /```yaml\n([^`]*)```/.exec(page) ?? []
const [passing, failing, mistake] = [...page.matchAll(/\n\n```\n([^`]*)\n```/g)].map(([, lines]) => lines)

let database: Awaited<ReturnType<typeof openDatabase>>
beforeAll(async () => {
  database = await openDatabase()
})
afterAll(() => database.close())

const linesOf = async (content: string) => {
  const results = await resultsOf(database.context, content, 'payments.yaml')
  return testLines(testsAnswer.parse(testsBody(results))).join('\n')
}

test('the manifest of the page passes its tests, and fails them as the page says', async () => {
  expect(await linesOf(manifest)).toBe(passing)
  const widened = manifest.replace('nightly, scopes: [read]', 'nightly, scopes: [read, book]')
  expect(await linesOf(widened)).toBe(failing)
})

test('the mistake of the page is that of a misspelt scope', async () => {
  await expect(linesOf(manifest.replace('scope: book\n', 'scope: boook\n'))).rejects.toThrow(mistake)
})
