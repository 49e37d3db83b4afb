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

test('the search follows the address, and what was typed before the filters were cleared stays away', async () => {
  const page = await console.open('/clients?search=job-12')
  const search = page.getByRole('textbox', { name: /id or a name/ })
  await search.and(page.locator('[value=job-12]')).waitFor()
  await page.getByRole('navigation').getByRole('link', { name: 'Clients' }).click()
  await search.and(page.locator('[value=""]')).waitFor()
  await page.goBack()
  await search.and(page.locator('[value=job-12]')).waitFor()

  await page.clock.install()
  await search.fill('billing ')
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await page.waitForURL(/clients$/)
  await page.clock.runFor(1_000)
  await page.getByRole('link', { name: 'job-000' }).waitFor()
  expect([await search.inputValue(), new URL(page.url()).search]).toEqual(['', ''])
  await search.fill('job-0 ')
  await page.clock.runFor(1_000)
  await page.waitForURL(/search=job-0$/)
  expect(await search.inputValue()).toBe('job-0 ')
  expect(console.complaints).toEqual([])
})

test('a next page that fails is asked for once, says why, and comes with another try', async () => {
  const page = await console.open('/clients?tag=nightly')
  page.setDefaultTimeout(8_000)
  await page.getByRole('link', { name: 'job-000' }).waitFor()
  let asked = 0
  await page.route(/[?&]cursor=/, (route) => {
    asked += 1
    return route.fulfill({ status: 500, json: { title: 'The server has failed', detail: 'a lost page' } })
  })
  await page.evaluate('scrollTo(0, document.body.scrollHeight)')
  const failure = page.getByRole('alert').filter({ hasText: 'a lost page' })
  await failure.waitFor()
  await page.evaluate('scrollTo(0, 0)')
  await page.evaluate('scrollTo(0, document.body.scrollHeight)')
  await failure.getByRole('button', { name: 'Try again' }).waitFor()
  expect(asked).toBe(1)
  await page.unrouteAll()
  await failure.getByRole('button', { name: 'Try again' }).click()
  await failure.waitFor({ state: 'detached' })
  await page.evaluate('scrollTo(0, document.body.scrollHeight)')
  await page.getByRole('link', { name: 'job-129' }).waitFor()
})
