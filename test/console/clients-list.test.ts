import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Console, closeBrowser, startConsole } from '../harness/browser.ts'

const manifest = `
apis: [{ audience: https://api.example.com, scopes: [{ name: read }] }]
clients:
${Array.from({ length: 130 }, (_, index) => `  - { client_id: job-${String(index).padStart(3, '0')}, tags: [nightly], scopes: [read] }`).join('\n')}
  - { client_id: billing, name: "<b>Billing</b>", scopes: [read] }
`

let console: Console
beforeAll(async () => {
  console = await startConsole({ manifest })
})
afterAll(async () => {
  await console.stop()
  await closeBrowser()
})

test('the list shows markup as text, searches, and keeps its filters in the address', async () => {
  const page = await console.open('/clients')
  await page.getByText('<b>Billing</b>').waitFor()
  await page.getByRole('textbox', { name: /id or a name/ }).fill('job-12')
  await page.getByRole('link', { name: 'job-129' }).waitFor()
  await page.waitForURL(/search=job-12/)
  expect(await page.getByRole('link', { name: 'billing' }).count()).toBe(0)
  await page.reload()
  await page.getByRole('link', { name: 'job-129' }).waitFor()
  expect(console.complaints).toEqual([])
})
