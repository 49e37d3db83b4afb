import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { operations as ofConsole } from '../../console/src/shared/why/operations.ts'
import { operations } from '../../src/admin/operations/operations.ts'
import { type Console, closeBrowser, startConsole } from '../harness/browser.ts'
import { newSecret } from '../harness/model.ts'
import { basic } from '../harness/server.ts'

const API = 'https://api.example.com'
const [SECRET, OTHER] = [newSecret(), newSecret()]
const client = (id: string, settings: string, secret = SECRET) =>
  `\n  - { client_id: ${id}, ${settings}, credentials: [{ label: first, secret: ${secret} }] }`
const manifest = `
apis:
  - { audience: "${API}", scopes: [{ name: read }, { name: write }, { name: purge }] }
  - { audience: "https://other.example.com", scopes: [{ name: look }] }
clients:${[
  client('asleep', `grants: [{ api: "${API}", scopes: [read] }]`),
  client('narrow', `grants: [{ api: "${API}", scopes: [read] }]`),
  client('raced', `grants: [{ api: "${API}", scopes: [read] }]`),
  client('nowhere', 'grants: [{ api: "https://other.example.com", scopes: [look] }]'),
  client('posting', `grants: [{ api: "${API}", scopes: [read] }], auth_methods: [client_secret_post]`),
  client('leaky', `grants: [{ api: "${API}", scopes: [read] }]`, OTHER),
].join('')}
`

let console: Console
beforeAll(async () => {
  console = await startConsole({ manifest })
})
afterAll(async () => {
  await console.stop()
  await closeBrowser()
})

const ask = (id: string, form: Readonly<Record<string, string>> = {}, secret = SECRET) =>
  console.server.token({ grant_type: 'client_credentials', resource: API, ...form }, basic(id, secret))

/** Has a request refused. @returns its id, once its event is there */
async function refused(request: () => Promise<Response>): Promise<string> {
  let answer = await request()
  const status = async () => {
    answer = await request()
    return answer.status
  }
  await expect.poll(status).toBeGreaterThanOrEqual(400)
  const id = answer.headers.get('x-request-id') ?? ''
  await console.server.audit(id)
  return id
}

const apply = (page: Page) => page.getByRole('button', { name: 'Apply', exact: true }).click()
const openRemedy = (page: Page) => page.getByRole('button', { name: 'Apply…' }).first().click()

test('the operations of remedies are called as the server takes them', () => {
  for (const [id, { method, path, may, isConditional = false }] of Object.entries(ofConsole)) {
    const { method: real, path: at, access, isConditional: tagged } = operations.find((one) => one.id === id) ?? {}
    expect([id, method, path, may, isConditional]).toEqual([id, real, at, access, tagged])
  }
})

test('a disabled client is enabled from its refusal, and then gets a token', async () => {
  const page = await console.open('/clients/asleep?tab=danger')
  await page.request.post('/api/v1/clients/asleep/disable', { headers: await proof(page) })
  const id = await refused(() => ask('asleep'))
  await page.goto(`/clients?why=${id}`)
  await page.getByRole('link', { name: 'asleep' }).first().waitFor()
  await openRemedy(page)
  await page.getByText('Those that it had before it was disabled stay inactive.').waitFor()
  await apply(page)
  await page.getByRole('status').getByText('asleep is enabled').waitFor()
  await expect.poll(async () => (await ask('asleep')).status).toBe(200)
  const because = (await console.server.audit()).map(({ detail }) => detail['stated_reason'])
  expect(because).toContain(`To mend the request ${id}`)
  await page.getByRole('link', { name: 'Try the request again' }).click()
  await expect.poll(() => page.url()).toMatch(/\/lab\?client=asleep$/)
  expect(console.complaints).toEqual([])
})

test('a missing scope is granted beside the present ones, also at an API where the client had none', async () => {
  const missing = await refused(() => ask('narrow', { scope: 'write' }))
  const page = await console.open(`/clients?why=${missing}`)
  await openRemedy(page)
  const change = page.locator('dl', { hasText: 'Scopes' }).first()
  await expect.poll(() => change.locator('del').textContent()).toBe('read')
  expect(await change.locator('ins').first().textContent()).toBe('read, write')
  await apply(page)
  await page.getByText(`narrow has read, write at ${API}`).waitFor()
  await expect.poll(async () => (await ask('narrow', { scope: 'read write' })).status).toBe(200)

  await page.reload()
  await openRemedy(page)
  await page.getByText('Somebody has done it since the request').waitFor()

  const unknown = await refused(() => ask('nowhere', { scope: 'read' }))
  await page.goto(`/clients?why=${unknown}`)
  await openRemedy(page)
  await apply(page)
  await page.getByText(`at ${API}`, { exact: false }).and(page.locator('[role=status] *')).first().waitFor()
  await expect.poll(async () => (await ask('nowhere', { scope: 'read' })).status).toBe(200)
  expect(console.complaints).toEqual([])
})

test('settings that changed meanwhile are shown before they are changed again', async () => {
  const id = await refused(() => ask('raced', { scope: 'write' }))
  const page = await console.open(`/clients?why=${id}`)
  await openRemedy(page)
  await page.getByRole('button', { name: 'Apply', exact: true }).waitFor()
  const address = `/api/v1/clients/raced/grants/${encodeURIComponent(API)}`
  const { etag = '' } = (await page.request.get(address)).headers()
  const changed = await page.request.put(address, {
    data: { scopes: ['read', 'purge'] },
    headers: { ...(await proof(page)), 'if-match': etag },
  })
  expect(changed.status()).toBe(200)
  await apply(page)
  await page.getByText('Somebody changed it meanwhile.').waitFor()
  await page.locator('del', { hasText: 'read, purge' }).waitFor()
  expect((await (await page.request.get(address)).json()).scopes).toEqual(['read', 'purge'])
  expect(console.complaints).toEqual([])
})

test('a method is allowed in the settings, and a rotation shows first who uses the secret', async () => {
  const method = await refused(() => ask('posting'))
  const page = await console.open(`/clients?why=${method}`)
  await page.getByRole('button', { name: 'Apply…' }).last().click()
  await apply(page)
  await page.getByText('The settings of posting are changed').waitFor()
  await expect.poll(async () => (await ask('posting')).status).toBe(200)

  expect((await ask('leaky', {}, OTHER)).status).toBe(200)
  const used = async () =>
    (await (await page.request.get('/api/v1/clients/leaky/credentials/first/effect')).json()).recent
  await expect.poll(used, { timeout: 20_000 }).toMatchObject({ week: { issued: 1 } })
  const wrong = await refused(() => ask('leaky', {}, newSecret()))
  await page.goto(`/clients?why=${wrong}`)
  await page.getByRole('button', { name: 'Apply…' }).first().click()
  await page.getByText('This ends something').waitFor()
  await page.getByText('Whatever uses it needs the new one').waitFor()
  await page.getByText('The old one stays valid for a week').waitFor()
  await apply(page)
  const secret = (await page.getByRole('region', { name: 'the secret', exact: true }).textContent())?.trim() ?? ''
  await page.getByText('The old one ends').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Back to the secret' }).click()
  await page.getByRole('button', { name: 'I have kept it' }).click()
  expect(await page.getByText(secret).count()).toBe(0)
  await page.keyboard.press('Escape')
  await expect.poll(() => page.url()).not.toContain('why=')
  await expect.poll(async () => (await ask('leaky', {}, secret)).status).toBe(200)
  expect((await ask('leaky', {}, OTHER)).status).toBe(200)
  expect(console.complaints).toEqual([])
})

test('an auditor reads the remedies and may apply none', async () => {
  const id = await refused(() => ask('raced', { scope: 'write' }, newSecret()))
  const page = await console.open(`/clients?why=${id}`, { role: 'auditor' })
  const buttons = page.getByRole('button', { name: 'Apply…' })
  await buttons.first().waitFor()
  for (const button of await buttons.all()) expect(await button.isDisabled()).toBe(true)
  expect(console.complaints).toEqual([])
})

/** The headers by which a request of a page proves its origin. */
async function proof(page: Page): Promise<Record<string, string>> {
  const token = await page.locator('meta[name=csrf-token]').getAttribute('content')
  return { 'x-csrf-token': token ?? '', 'sec-fetch-site': 'same-origin', origin: console.server.admin }
}
