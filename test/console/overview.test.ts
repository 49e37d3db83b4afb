import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Console, closeBrowser, startConsole } from '../harness/browser.ts'

/** More than the overview lists. */
const COUNT = 8

const manifest = `
apis: [{ audience: https://api.example.com, scopes: [{ name: read }] }]
clients:
${Array.from({ length: COUNT }, (_, index) => `  - { client_id: job-${index}, scopes: [read], credentials: [{ label: first, expires: 3d }] }`).join('\n')}
`

let console: Console
beforeAll(async () => {
  console = await startConsole({ manifest })
})
afterAll(async () => {
  await console.stop()
  await closeBrowser()
})

test('every credential that expires within a week is counted, and keys have their states in words', async () => {
  const page = await console.open('/')
  page.setDefaultTimeout(8_000)
  await page.getByRole('link', { name: `${COUNT} credentials expire within a week` }).waitFor()
  await page.getByRole('cell', { name: 'Active', exact: true }).first().waitFor()
  expect(console.complaints).toEqual([])
})
