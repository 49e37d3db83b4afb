import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { closeBrowser } from '../harness/browser.ts'
import { type Company, secretOf, startCompany } from './company.ts'

/** `npm run tour` makes the pictures. Otherwise each scene is only reached, so that the tour stays true. */
const isWriting = process.env['TOUR'] === 'write'
const GUIDE = 'docs/operating/console.md'
const FOLDER = 'docs/assets'
const MOST_BYTES = 70_000

let company: Company
let page: Page
beforeAll(async () => {
  company = await startCompany(isWriting ? 60 : 7)
  page = await company.open('/')
  page.setDefaultTimeout(15_000)
}, 120_000)
afterAll(async () => {
  await company?.stop()
  await closeBrowser()
})

const next = async () => {
  await page.getByRole('button', { name: 'Continue' }).click()
}

/** Each picture of the tour, in its order, and the way to it. */
const scenes: Readonly<Record<string, () => Promise<void>>> = {
  wizard: async () => {
    await page.goto('/clients/new')
    await page.getByRole('radio', { name: /GitHub Actions/ }).check()
    await page.getByRole('textbox', { name: 'Client id' }).fill('release-notes')
    await next()
    await next()
    await page.getByRole('textbox', { name: 'Repository' }).fill('example/shop')
    await page.getByText('repo:example/shop:ref:refs/heads/main').waitFor()
  },
  secret: async () => {
    await page.goto('/clients/new')
    await page.getByRole('radio', { name: /developer/ }).check()
    await page.getByRole('textbox', { name: 'Client id' }).fill('returns')
    await next()
    await page.getByRole('checkbox', { name: 'orders:read' }).check()
    await next()
    await page.getByText(/Ends on/).waitFor()
    await next()
    await page.getByRole('button', { name: 'Create client' }).click()
    await page.getByRole('button', { name: 'I have kept it' }).waitFor()
  },
  permissions: async () => {
    await page.goto('/clients/nightly-export?tab=permissions')
    await page.getByRole('checkbox', { name: 'Grant payments:refund at https://payments.example.com' }).waitFor()
  },
  rotation: async () => {
    await page.goto('/rotation')
    await page.getByText('Safe to delete').waitFor()
  },
  why: async () => {
    await page.goto(`/audit?why=${company.refused}`)
    await page.getByRole('heading', { name: 'The client requested a scope that it was not given.' }).waitFor()
  },
  lab: async () => {
    await page.goto('/lab?client=checkout&scope=payments:capture')
    await page.getByLabel('Secret', { exact: true }).fill(secretOf('checkout'))
    await page.getByRole('button', { name: 'Send the request' }).click()
    await page.getByText('Verified as an API would').scrollIntoViewIfNeeded()
  },
  keys: async () => {
    await page.goto('/keys')
    await page.getByRole('img', { name: /A line a key/ }).waitFor()
    await page.getByRole('table', { name: 'Keys' }).getByText('Pending').waitFor()
    await page.getByText('orders/2.4 (jose)').waitFor()
  },
  audit: async () => {
    await page.goto('/audit')
    await page.getByRole('link', { name: 'Client changed' }).first().click()
    await page.getByRole('dialog').getByRole('row', { name: 'owner payments customer-care' }).waitFor()
  },
  plan: async () => {
    await page.goto('/plans')
    await page.getByLabel('Paste a manifest').fill(CHANGED)
    await page.getByRole('button', { name: 'Plan', exact: true }).click()
    await page.getByText('stock-sync loses stock:write at https://stock.example.com').waitFor()
  },
  // It comes last, since the server has just travelled through three days. The picture waits for its next report and a quiet minute.
  overview: async () => {
    await page.goto('/')
    await page.getByRole('link', { name: 'stock-sync' }).first().waitFor()
    await page.getByText('wrong secret').waitFor()
    await page.locator('canvas').waitFor({ state: 'attached' })
    if (isWriting)
      await page
        .getByText(/is silent|p99 of the last minute/)
        .first()
        .waitFor({ state: 'detached', timeout: 100_000 })
  },
}

const CHANGED = `clients:
  - client_id: stock-sync
    name: Stock sync
    owner: warehouse
    tags: [batch, nightly]
    scopes: ["orders:read"]
    credentials: [{ label: appliance, expires: 3d, secret: "${secretOf('stock-sync')}" }]
  - client_id: price-tags
    name: Price tags
    owner: shop
    scopes: ["stock:read"]
    credentials: [{ label: first }]
`

test.each(Object.keys(scenes))(
  '%s',
  async (name) => {
    await scenes[name]?.()
    expect(company.complaints).toEqual([])
    if (isWriting) await take(name)
    expect(readFileSync(GUIDE, 'utf8')).toContain(`../assets/console-${name}.webp`)
    expect(existsSync(`${FOLDER}/console-${name}.webp`)).toBe(true)
  },
  120_000,
)

/** Writes the picture of what the page shows. */
async function take(name: string): Promise<void> {
  await page.mouse.move(0, 0)
  const session = await page.context().newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 82 })
  const bytes = Buffer.from(data, 'base64')
  expect(bytes.length).toBeLessThan(MOST_BYTES)
  writeFileSync(`${FOLDER}/console-${name}.webp`, bytes)
}
