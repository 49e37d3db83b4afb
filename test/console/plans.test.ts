import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Console, closeBrowser, startConsole } from '../harness/browser.ts'

const manifest = `
apis: [{ audience: https://api.example.com, scopes: [{ name: read }, { name: write }] }]
clients: [{ client_id: billing, scopes: [read, write], credentials: [{ label: first }] }]
`
const narrower = manifest.replace('[read, write]', '[read]')

let console: Console
beforeAll(async () => {
  console = await startConsole({ manifest })
})
afterAll(async () => {
  await console.stop()
  await closeBrowser()
})

const open = async (text: string, role: 'admin' | 'auditor' = 'admin') => {
  const page = await console.open('/plans', { role })
  page.setDefaultTimeout(8_000)
  await page.getByLabel('Paste a manifest').fill(text)
  await page.getByRole('button', { name: 'Plan', exact: true }).click()
  return page
}

test('mistakes have their file, line and column', async () => {
  const page = await open('clients:\n  - client_id: billing\n    scope: read\n')
  await page.getByText('manifest.yaml:3:5').waitFor()
})

test('a plan shows each field and what it ends, asks for consent, and is applied', async () => {
  const page = await open(narrower.replace('client_id: billing,', 'client_id: billing, name: "<i>Billing</i>",'))
  const apply = page.getByRole('button', { name: 'Apply' })
  const takeOver = page.getByRole('button', { name: 'Plan again, and take over' })
  await apply.or(takeOver).first().waitFor()
  if ((await takeOver.count()) > 0) await takeOver.click()
  await takeOver.waitFor({ state: 'detached' })
  await page.getByRole('row', { name: 'name none <i>Billing</i>' }).waitFor()
  await page.getByText('billing loses write at https://api.example.com').waitFor()
  expect(await apply.isDisabled()).toBe(true)
  await page.getByLabel(/although somebody may use/).fill('destroy')
  await apply.click()
  await page.getByRole('heading', { name: 'Applied' }).waitFor()
  const event = (await console.server.audit()).findLast(({ type }) => type === 'manifest.apply')
  expect(event?.actor).toMatchObject({ kind: 'administrator', name: 'anna', way: 'manifest' })
  expect(console.complaints).toEqual([])
})

test('leaving the new secrets of a plan asks first', async () => {
  const page = await open('clients: [{ client_id: made, scopes: [], credentials: [{ label: first }] }]')
  await page.getByRole('button', { name: 'Apply' }).click()
  const secret = page.getByRole('region', { name: 'made / first', exact: true })
  await secret.waitFor()
  await page.getByRole('link', { name: 'Clients', exact: true }).click()
  await page.getByRole('button', { name: 'Back to the secrets' }).click()
  expect(await secret.textContent()).toMatch(/^made \/ first\n\S{20,}/)
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await page.getByLabel('Paste a manifest').waitFor()
  expect(console.complaints).toEqual([])
})

test('a plan of an older state is not applied, but planned again', async () => {
  const page = await open('clients: [{ client_id: fresh, scopes: [] }]')
  await page.getByText('1 to create').waitFor()
  await console.server.apply('clients: [{ client_id: fresh, name: Mine, scopes: [] }]')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByText('The server has changed since this plan').waitFor()
})

test('a list that was read before shows the changes of an applied plan', async () => {
  const page = await console.open('/clients')
  page.setDefaultTimeout(8_000)
  // Nothing becomes stale by itself.
  await page.clock.setFixedTime(Date.now())
  await page.getByRole('link', { name: 'billing' }).waitFor()
  const navigation = page.getByRole('navigation')
  await navigation.getByRole('link', { name: 'Plans' }).click()
  await page.getByLabel('Paste a manifest').fill('clients: [{ client_id: newcomer, scopes: [] }]')
  await page.getByRole('button', { name: 'Plan', exact: true }).click()
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('heading', { name: 'Applied' }).waitFor()
  await navigation.getByRole('link', { name: 'Clients' }).click()
  await page.getByRole('link', { name: 'newcomer' }).waitFor()
})

test('an auditor plans, and may not apply', async () => {
  const page = await open('clients: [{ client_id: other, scopes: [] }]', 'auditor')
  await page.getByText(/takes the permission plans:write/).waitFor()
  expect(await page.getByRole('button', { name: 'Apply' }).count()).toBe(0)
})
