import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Console, closeBrowser, startConsole } from '../harness/browser.ts'
import { basic } from '../harness/server.ts'

const SECRET = 'a secret that somebody chose once'
const manifest = `
apis: [{ audience: https://api.example.com, name: Orders, scopes: [{ name: read }] }, { audience: https://owned.example.com, owner: payments, scopes: [] }]
clients: [{ client_id: billing, scopes: [read], credentials: [{ label: first, secret_env: SECRET }] }]
`

let console: Console
beforeAll(async () => {
  console = await startConsole({ manifest, env: { SECRET } })
})
afterAll(async () => {
  await console.stop()
  await closeBrowser()
})

test('an API is created, gets a scope, and refuses an audience that is no URI', async () => {
  const page = await console.open('/apis/new')
  await page.getByLabel('Audience').fill('no uri')
  await page.getByRole('button', { name: 'New API' }).click()
  await page.getByRole('alert').waitFor()
  await page.getByLabel('Audience').fill('https://new.example.com')
  await page.getByRole('button', { name: 'New API' }).click()
  await page.getByText('No scope yet').waitFor()
  await page.getByRole('button', { name: 'Add a scope' }).click()
  await page
    .getByRole('dialog')
    .getByRole('textbox', { name: /^Scope/ })
    .fill('new.read')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('cell', { name: 'new.read' }).waitFor()
  const stored = await page.request.get(`/api/v1/apis/${encodeURIComponent('https://new.example.com')}`)
  expect(await stored.json()).toMatchObject({ audience: 'https://new.example.com', scopes: [{ name: 'new.read' }] })
  expect(console.complaints).toEqual([])
})

test('the list finds the APIs of an owner, and says so if a manifest has none', async () => {
  const page = await console.open('/apis?owner=payments')
  await page.getByRole('link', { name: 'https://owned.example.com' }).waitFor()
  expect(await page.getByRole('link', { name: 'Orders' }).count()).toBe(0)
  await page.getByRole('textbox', { name: 'Manifest' }).fill('shop')
  await page.getByText('or clear the filters').waitFor()
  expect(new URL(page.url()).searchParams.get('manifest')).toBe('shop')
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.getByRole('link', { name: 'Orders' }).waitFor()
  expect(console.complaints).toEqual([])
})

test('the lab sends a request, verifies its token, and says what a misspelt scope meant', async () => {
  const page = await console.open('/lab?client=billing&scope=read')
  await page.getByLabel('Secret', { exact: true }).fill(SECRET)
  await page.getByRole('button', { name: 'Send the request' }).click()
  await page.getByText('Verified as an API would').waitFor()
  await page.getByLabel('Scope', { exact: true }).fill('raed')
  await page.getByRole('button', { name: 'Send the request' }).click()
  await page.getByText('Did you mean').waitFor()
  expect(page.url()).toContain('scope=raed')
  expect(page.url()).not.toContain('secret')
  expect(console.complaints).toEqual([])
})

test('the drawer explains a refusal over any page, and says why nothing is recorded', async () => {
  const refused = await console.server.token(
    { grant_type: 'client_credentials', scope: 'raed' },
    basic('billing', SECRET),
  )
  const id = refused.headers.get('x-request-id') ?? ''
  await console.server.audit(id)
  const page = await console.open(`/apis?why=${id}`)
  await page.getByRole('heading', { name: 'The client requested a scope that it was not given.' }).waitFor()
  await page.getByText('To mend it').waitFor()
  await page.goto('/apis?why=01931a8e-0000-7000-8000-000000000001')
  await page.getByText('There is nothing to explain').waitFor()
  expect(console.complaints).toEqual([])
})
