import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Console, closeBrowser, PASSWORD, startConsole } from '../harness/browser.ts'
import { Visitor } from '../harness/visitor.ts'

let console: Console
beforeAll(async () => {
  console = await startConsole()
})
afterAll(async () => {
  await console.stop()
  await closeBrowser()
})

const open = async (path: string, role: 'admin' | 'auditor' = 'admin'): Promise<Page> => {
  const page = await console.open(path, { role })
  page.setDefaultTimeout(8_000)
  return page
}

/** Calls the admin API as the first administrator, from another browser. */
async function call(method: string, path: string, body?: unknown): Promise<unknown> {
  await console.admin.get('/account')
  const answer = await fetch(`${console.server.admin}/api/v1${path}`, {
    method,
    headers: {
      cookie: [...console.admin.cookies].map(([key, value]) => `${key}=${value}`).join('; '),
      'content-type': 'application/json',
      'sec-fetch-site': 'same-origin',
      'x-csrf-token': console.admin.hidden('csrf'),
      ...(method === 'PUT' && { 'if-match': '*' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return answer.json()
}

const typesIn = async (type: string) => (await console.server.audit()).filter((event) => event.type === type)

test('an administrator is added, signs in by the link, and is removed', async () => {
  const page = await open('/settings/administrators')
  await page.getByRole('button', { name: 'Add administrator' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('ben')
  await dialog.getByLabel('Auditor').uncheck()
  await dialog.getByLabel('Operator').check()
  await dialog.getByRole('button', { name: 'Add and make the link' }).click()
  const link = await dialog.getByRole('region', { name: 'the link' }).textContent()

  // The link is not lost by a slip.
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Back to the link' }).click()
  await dialog.getByRole('button', { name: 'I have passed it on' }).click()
  await page.getByRole('row', { name: /ben.*Operator.*Invited/ }).waitFor()

  const ben = new Visitor(console.server.admin)
  await ben.post('/reset', { token: new URL(link ?? '').hash.slice(1), password: PASSWORD })
  await ben.post('/sign-in', { name: 'ben', password: PASSWORD })
  expect(await (await ben.get('/api/v1/session')).json()).toMatchObject({ name: 'ben', roles: ['operator'] })

  await page.goto('/settings/administrators?dialog=add')
  await dialog.getByLabel('Name', { exact: true }).fill('ben')
  await dialog.getByRole('button', { name: 'Add and make the link' }).click()
  await dialog.getByRole('alert').waitFor()

  await page.goto('/settings/administrators?dialog=remove:ben')
  const remove = page.getByRole('button', { name: 'Remove ben' })
  await remove.waitFor()
  expect(await remove.isDisabled()).toBe(true)
  await page.getByLabel('Reason').fill('left the company')
  await page.getByLabel('Type ben to confirm').fill('ben')
  await remove.click()
  await page.getByText('ben is removed').waitFor()
  expect((await ben.get('/api/v1/session')).status).toBe(401)
  expect(JSON.stringify(await typesIn('account.remove'))).toContain('left the company')
})

test('the last admin can’t be ended, neither by the menu nor by a link', async () => {
  const page = await open('/settings/administrators')
  await page.getByRole('button', { name: 'Actions for anna' }).click()
  const item = page.getByRole('menuitem', { name: 'Disable' })
  await item.waitFor()
  expect(await item.isDisabled()).toBe(true)
  await page.goto('/settings/administrators?dialog=disable:anna')
  await page.getByRole('button', { name: 'Disable', exact: true }).click()
  await page.getByRole('dialog').getByRole('alert').waitFor()
  expect(await call('GET', '/accounts/anna')).toMatchObject({ enabled: true })
})

test('a group that somebody else changes meanwhile keeps both changes', async () => {
  const page = await open('/settings/groups')
  await page.getByRole('button', { name: 'New group' }).click()
  await page.getByLabel('Name', { exact: true }).fill('payments')
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  await page.waitForURL(/groups\/payments/)
  await page.getByRole('combobox', { name: 'Name of the account' }).fill('ben')
  await page.getByRole('button', { name: 'Add member' }).click()
  await page.getByLabel('account ben may rotate').check()

  const carla = { kind: 'account', id: 'carla', permissions: ['view'] }
  await call('PUT', '/groups/payments', { members: [carla] })
  await page.getByRole('button', { name: 'Save' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('row', { name: 'account carla view unchanged' }).waitFor()
  await dialog.getByRole('row', { name: 'account ben unchanged view, rotate' }).waitFor()
  await dialog.getByRole('button', { name: 'Save mine on top of theirs' }).click()
  await page.getByText('Saved', { exact: true }).waitFor()
  expect(await call('GET', '/groups/payments')).toMatchObject({
    members: [{ id: 'ben', permissions: ['view', 'rotate'] }, carla],
  })

  await page.goto('/settings/groups?dialog=create')
  await page.getByLabel('Name', { exact: true }).fill('payments')
  await page.getByRole('button', { name: 'Create', exact: true }).click()
  await page.getByText('There is a group of this name already.').waitFor()
})

test('a session is ended, and the browser that had it is signed out', async () => {
  const other = new Visitor(console.server.admin)
  await other.post('/sign-in', { name: 'anna', password: PASSWORD })
  expect((await other.get('/api/v1/session')).status).toBe(200)
  const page = await open('/settings/sessions')
  const end = page.getByRole('button', { name: /End the session of/ })
  await end.waitFor()
  await end.click()
  await page.getByText('The session is ended').waitFor()
  await end.waitFor({ state: 'detached' })
  expect((await other.get('/api/v1/session')).status).toBe(401)
  expect(await typesIn('session.end')).not.toEqual([])
})

test('an auditor sees everything, and no way to change it', async () => {
  const page = await open('/settings/administrators', 'auditor')
  await page.getByRole('row', { name: /anna/ }).waitFor()
  expect(await page.getByRole('button', { name: /Add|Actions/ }).count()).toBe(0)
  await page.getByRole('link', { name: 'Groups' }).click()
  await page.getByRole('link', { name: 'payments' }).click()
  const box = page.getByLabel('account ben may rotate')
  await box.waitFor()
  expect(await box.isDisabled()).toBe(true)
  expect(await page.getByRole('button', { name: /Add member|Delete|Remove/ }).count()).toBe(0)
})

test('a setting is found by its name, and the address keeps the search', async () => {
  const page = await open('/settings')
  await page.getByText(console.server.issuer, { exact: true }).first().waitFor()
  await page.getByLabel('Find a setting or a value').fill('session_idle')
  await page.waitForURL(/find=session_idle/)
  await page.getByText('30 minutes').waitFor()
  expect(await page.getByText('token.lifetime').count()).toBe(0)
  await page.goto('/settings?find=no%20such%20setting')
  await page.getByText('No setting has “no such setting”').waitFor()
  expect(console.complaints).toEqual([])
})

test('the search goes to a page of the settings', async () => {
  const page = await console.open('/keys')
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.keyboard.press('Control+k')
  await page.getByPlaceholder('A client, an API').fill('tenan')
  await page.getByRole('dialog').getByText('Tenants').click()
  await page.waitForURL(/settings\/tenants$/)
  expect(console.complaints).toEqual([])
})
