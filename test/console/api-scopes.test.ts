import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { managementContext } from '../../src/cli/database.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import { type Console, closeBrowser, startConsole } from '../harness/browser.ts'
import { giveTo } from '../harness/ownership.ts'

const API = 'https://api.example.com'
const OWNED = 'https://owned.example.com'
const manifest = `
apis:
  - { audience: "${API}", scopes: [{ name: read, common: true }, { name: write }, { name: all, includes: [write] }] }
  - { audience: "${OWNED}", scopes: [{ name: look }] }
clients:
  - { client_id: billing, grants: [{ api: "${API}", scopes: [write] }] }
  - { client_id: stock, scopes: [all] }
  - { client_id: reader, scopes: [look] }
`

let console: Console
beforeAll(async () => {
  console = await startConsole({ manifest })
})
afterAll(async () => {
  await console.stop()
  await closeBrowser()
})

const pageOf = (audience: string) => `/apis/${encodeURIComponent(audience)}`
const addressOf = (audience: string) => `/api/v1${pageOf(audience)}`

/** The scopes of an API, by name. */
async function scopesOf(page: Page, audience: string) {
  const { scopes } = await (await page.request.get(addressOf(audience))).json()
  return new Map<string, Record<string, unknown>>(scopes.map((one: { readonly name: string }) => [one.name, one]))
}

/** Changes a scope as somebody else, whatever its state is. */
async function putScope(page: Page, name: string, data: object) {
  const token = (await page.locator('meta[name=csrf-token]').getAttribute('content')) ?? ''
  const headers = {
    'x-csrf-token': token,
    'sec-fetch-site': 'same-origin',
    origin: console.server.admin,
    'if-match': '*',
  }
  const answer = await page.request.put(`${addressOf(API)}/scopes/${name}`, { data, headers })
  expect(answer.status()).toBe(200)
}

test('a scope is changed on top of a change of another scope, and shows one of its own', async () => {
  const page = await console.open(`${pageOf(API)}?dialog=scope:write`)
  await page.getByLabel('Description').fill('Write orders')
  await putScope(page, 'read', { common: true, description: 'Read orders' })
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved: write').waitFor()
  const after = await scopesOf(page, API)
  expect([...after.keys()]).toEqual(['read', 'write', 'all'])
  expect([after.get('write'), after.get('read')]).toMatchObject([
    { description: 'Write orders' },
    { description: 'Read orders' },
  ])

  await page.getByRole('button', { name: 'Change' }).nth(1).click()
  await page.getByLabel('Description').fill('mine')
  await putScope(page, 'write', { description: 'theirs', on_request: true })
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('cell', { name: 'theirs', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Save mine on top of theirs' }).click()
  await expect
    .poll(async () => (await scopesOf(page, API)).get('write'))
    .toMatchObject({ description: 'mine', on_request: true })
  expect(console.complaints).toEqual([])
})

test('the tab of the access has each client with its scopes, and those with common scopes if one asks', async () => {
  const page = await console.open(`${pageOf(OWNED)}?tab=access`)
  await page.getByRole('row', { name: /reader.*given/ }).waitFor()
  await page.getByText('No client asked for a token').waitFor()
  await page.goto(`${pageOf(API)}?tab=access`)
  const matrix = page.getByRole('region', { name: 'Clients and the scopes that they hold' })
  await matrix.getByRole('row', { name: /^billing.*given/ }).waitFor()
  await matrix.getByRole('row', { name: /^stock.*by a group.*given/ }).waitFor()
  expect(await matrix.getByRole('row', { name: /^reader/ }).count()).toBe(0)
  await page.getByRole('switch', { name: 'Also clients with nothing but common scopes' }).click()
  await matrix.getByRole('row', { name: /^reader.*common/ }).waitFor()
  expect(new URL(page.url()).search).toContain('common=')
  expect(console.complaints).toEqual([])
})

test('the removal of a scope names the clients that hold it, and why', async () => {
  const page = await console.open(`${pageOf(API)}?dialog=remove-scope:write`)
  const holders = page.getByRole('region', { name: 'Clients that hold the scope' })
  await holders.getByText('2 clients hold it.').waitFor()
  await holders.getByText(`a grant gives it at ${API}`).waitFor()
  await holders.getByText('scopes of the client gives it at every API as all').waitFor()
  await holders.getByText('the groups all').waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.goto(`${pageOf(API)}?dialog=remove-scope:read`)
  await page.getByText('Every client without restricted scopes may have it').waitFor()
  await page.getByRole('button', { name: 'Remove read' }).click()
  await page.getByText('Removed: read').waitFor()
  expect([...(await scopesOf(page, API)).keys()].toSorted()).toEqual(['all', 'write'])
  expect(console.complaints).toEqual([])
})

test('an API of a manifest says so, and is deleted only by whoever takes it over', async () => {
  const store = await openStore(console.server.config.storage, systemClock)
  await giveTo(managementContext({ options: console.server.config, store }), 'shop', [OWNED])
  await store.close()
  const page = await console.open(pageOf(OWNED))
  await page.getByText('The manifest shop owns this API').waitFor()
  expect(await page.getByRole('button', { name: 'Remove' }).count()).toBe(0)
  await page.goto(`${pageOf(OWNED)}?tab=danger&dialog=delete`)
  await page.getByLabel(`Type ${OWNED} to confirm`).fill(OWNED)
  const remove = page.getByRole('dialog').getByRole('button', { name: 'Delete this API' })
  await remove.click()
  await page.getByRole('dialog').getByRole('alert').filter({ hasText: 'manifest' }).last().waitFor()
  expect((await page.request.get(addressOf(OWNED))).status()).toBe(200)
  await page.getByRole('switch', { name: 'Take it over from the manifest' }).click()
  await remove.click()
  await page.waitForURL(/\/apis$/)
  expect((await page.request.get(addressOf(OWNED))).status()).toBe(404)
  expect(console.complaints).toEqual([])
})
