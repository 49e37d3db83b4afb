import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Console, closeBrowser, startConsole } from '../harness/browser.ts'

const manifest = `
manifest: shop
apis: [{ audience: https://api.example.com, scopes: [{ name: read }, { name: write }] }]
clients: [{ client_id: owned, scopes: [read] }]
`

let console: Console
beforeAll(async () => {
  console = await startConsole({ manifest })
})
afterAll(async () => {
  await console.stop()
  await closeBrowser()
})

/** Calls the admin API as the page does. */
const call = (page: Awaited<ReturnType<Console['open']>>, method: string, path: string, body: unknown, etag = '') =>
  page.evaluate(
    `(async () => {
      const csrf = document.querySelector('meta[name=csrf-token]').content
      const headers = { 'x-csrf-token': csrf, 'content-type': ${JSON.stringify(method === 'PATCH' ? 'application/merge-patch+json' : 'application/json')} }
      if (${JSON.stringify(etag)} !== '') headers['if-match'] = ${JSON.stringify(etag)}
      const answer = await fetch('/api/v1' + ${JSON.stringify(path)}, { method: ${JSON.stringify(method)}, headers, body: ${method === 'GET' ? 'undefined' : `JSON.stringify(${JSON.stringify(body)})`} })
      return { status: answer.status, body: await answer.json().catch(() => null) }
    })()`,
  ) as Promise<{ readonly status: number; readonly body: Record<string, unknown> }>

test('settings, grants and the end of a client go through its page', async () => {
  const page = await console.open('/clients')
  await page.getByRole('link', { name: 'owned' }).waitFor()
  await call(page, 'POST', '/clients', { client_id: 'billing', name: 'Billing', scopes: ['read'], credentials: [] })
  await page.goto('/clients/billing')

  await page.getByLabel('Name').fill('Invoices')
  await page.getByLabel('Lifetime').fill('forever')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText(/1 change|2 changes/).waitFor()
  await expect.poll(() => page.getByLabel('Lifetime').getAttribute('aria-invalid')).toBe('true')

  await page.getByLabel('Lifetime').fill('10m')
  await call(page, 'PATCH', '/clients/billing', { description: 'theirs' }, '*')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('button', { name: 'Save mine on top of theirs' }).click()
  await page.getByText('Saved', { exact: true }).waitFor()
  const { body } = await call(page, 'GET', '/clients/billing', undefined)
  expect(body).toMatchObject({ name: 'Invoices', description: 'theirs', token: { lifetime: 600 } })

  await page.getByRole('tab', { name: 'Permissions' }).click()
  await page.getByRole('checkbox', { name: 'Grant write at https://api.example.com' }).check()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText(/permissions at .* are saved/).waitFor()
  await page.getByRole('checkbox', { name: 'Grant write at https://api.example.com' }).uncheck()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Nobody has ever used it.').waitFor()
  expect((await call(page, 'GET', '/clients/billing', undefined)).body['grants']).toMatchObject([{ scopes: ['write'] }])
  await page.getByRole('button', { name: 'Take away' }).click()
  await expect.poll(async () => (await call(page, 'GET', '/clients/billing', undefined)).body['grants']).toEqual([])

  await page.goto('/clients/billing?tab=activity')
  await page.getByText('No request of this client was refused lately.').waitFor()

  await page.goto('/clients/billing?tab=danger&dialog=delete')
  await page.getByLabel('Type billing to confirm').fill('billing')
  await page.getByRole('button', { name: 'Delete billing' }).click()
  await page.waitForURL(/\/clients$/)
  expect((await call(page, 'GET', '/clients/billing', undefined)).status).toBe(404)
  await page.goto('/clients/billing')
  await page.getByText('There is no client billing').waitFor()
  expect(console.complaints).toEqual([])
})

test('a client of a manifest says so, and only who may change it can take it over', async () => {
  const page = await console.open('/clients/owned')
  await page.getByText(/owns this client/).waitFor()
  expect(await page.getByLabel('Name').getAttribute('readonly')).not.toBeNull()
  const auditor = await console.open('/clients/owned', { role: 'auditor' })
  await auditor.getByText('You may see these settings, but not change them.').waitFor()
  const takeOver = 'button:has-text("Take over")'
  expect([await page.locator(takeOver).count(), await auditor.locator(takeOver).count()]).toEqual([1, 0])
  expect(console.complaints).toEqual([])
})

test('a refused act says why', async () => {
  const page = await console.open('/clients/owned?tab=danger')
  page.setDefaultTimeout(8_000)
  await console.call('POST', '/clients/owned/disable')
  const refusal = { status: 403, json: { title: 'You may not do this', detail: 'a rule' } }
  await page.route(/\/enable$/, (route) => route.fulfill(refusal))
  await page.reload()
  await page.getByRole('button', { name: 'Enable' }).click()
  await page.getByRole('alert').filter({ hasText: 'You may not do this' }).waitFor()
  await console.call('POST', '/clients/owned/enable')

  await page.goto('/settings/administrators')
  await console.call('POST', '/accounts', { name: 'berta', roles: ['auditor'] })
  await page.reload()
  await page.getByRole('button', { name: 'Actions for berta' }).click()
  await page.getByRole('menuitem', { name: 'Disable' }).click()
  await page.getByRole('button', { name: 'Disable', exact: true }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.reload()
  await page.route(/\/accounts\/berta$/, (route) =>
    route.request().method() === 'PATCH' ? route.fulfill(refusal) : route.fallback(),
  )
  await page.getByRole('button', { name: 'Actions for berta' }).click()
  await page.getByRole('menuitem', { name: 'Enable' }).click()
  await page.getByRole('alert').filter({ hasText: 'a rule' }).waitFor()
})
