import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Console, closeBrowser, goWithin, startConsole, untilLoaded } from '../harness/browser.ts'
import { basic } from '../harness/server.ts'

const SECRET = 'a secret that somebody chose once'
const manifest = `
apis:
  - { audience: "https://orders.example.com", name: Orders, owner: shop, scopes: [{ name: read, description: Reads orders }, { name: write }] }
  - { audience: "https://stock.example.com/with/a/path/that/is/rather/long/for/a/telephone", name: Stock, scopes: [{ name: count }] }
clients:
  - client_id: deploy
    name: Deployment of the shop
    scopes: [read]
    credentials:
      - { label: github, federated: { issuer: "https://issuer.example.com", audience: "https://auth.example.com", subject: "repo:a/b" } }
  - client_id: a-client-with-an-id-that-is-so-long-that-no-column-of-a-telephone-has-room-for-it
    tags: [one, two, three, four, five, six, seven]
    scopes: [read]
  - { client_id: old, scopes: [], enabled: false, credentials: [{ label: only, secret_env: OLD, expires: 40d }] }
${Array.from({ length: 30 }, (_, index) => `  - { client_id: job-${index}, tags: [nightly], scopes: [read] }`).join('\n')}
`
const owned = `
manifest: shop
clients:
  - client_id: billing
    name: Billing
    description: Sends the invoices of every night
    owner: shop
    tags: [nightly, invoices]
    scopes: [read, write, count]
    credentials:
      - { label: first, secret_env: SECRET, expires: 5d }
      - { label: second, secret_env: OTHER, expires: 300d }
`

let console: Console
let refused = ''
beforeAll(async () => {
  console = await startConsole({ manifest, env: { OLD: `${SECRET} before` } })
  await console.server.apply(owned, { SECRET, OTHER: `${SECRET} again` })
  const ask = (scope: string, secret = SECRET) =>
    console.server.token(
      { grant_type: 'client_credentials', scope, resource: 'https://orders.example.com' },
      basic('billing', secret),
    )
  for (const scope of ['read', 'read write', 'write']) expect((await ask(scope)).status).toBe(200)
  await ask('read', 'wrong')
  refused = (await ask('raed')).headers.get('x-request-id') ?? ''
  await console.server.audit(refused)
})
afterAll(async () => {
  await console.stop()
  await closeBrowser()
})

const ORDERS = `/apis/${encodeURIComponent('https://orders.example.com')}`

interface Shown {
  readonly path: string
  /** A text that is there once the page is. */
  readonly text: string
  readonly act?: (page: Page) => Promise<void>
}

/** Every page, with its tabs, its steps and some of its dialogs. */
const pages: readonly Shown[] = [
  { path: '/', text: 'Refusals by reason' },
  { path: '/welcome', text: 'Make the client' },
  { path: '/clients', text: 'Deployment of the shop' },
  { path: '/clients?search=nothing-has-this-name', text: 'Nothing fits these filters' },
  { path: '/clients/billing', text: 'owns this client' },
  { path: '/clients/deploy?tab=permissions', text: 'Stock' },
  { path: '/clients/billing?tab=credentials', text: 'second' },
  { path: '/clients/deploy?tab=credentials', text: 'github' },
  { path: '/clients/deploy?tab=credentials&dialog=add-credential', text: 'Add' },
  { path: '/clients/billing?tab=activity', text: 'scope not allowed' },
  { path: '/clients/billing?tab=danger', text: 'Delete' },
  { path: '/clients/billing?tab=danger&dialog=delete', text: 'Type billing to confirm' },
  {
    path: '/clients/new',
    text: 'Where it runs',
    act: async (page) => {
      await page.getByRole('radio', { name: /developer/ }).check()
      await page.getByRole('textbox', { name: 'Client id' }).fill('fresh')
    },
  },
  {
    path: '/clients/new?step=access',
    text: 'Orders',
    act: (page) => page.getByRole('checkbox', { name: 'read' }).check(),
  },
  { path: '/clients/new?step=proof', text: 'Ends on' },
  { path: '/clients/new?step=summary', text: 'Create client' },
  { path: '/rotation', text: 'second' },
  { path: '/apis', text: 'Stock' },
  { path: '/apis/new', text: 'Audience' },
  { path: ORDERS, text: 'Reads orders' },
  { path: `${ORDERS}?dialog=scope`, text: 'Save' },
  { path: `${ORDERS}?tab=token`, text: 'Save' },
  { path: `${ORDERS}?tab=verify`, text: 'verify' },
  { path: `${ORDERS}?tab=access`, text: 'billing' },
  { path: `${ORDERS}?tab=danger`, text: 'Delete' },
  { path: '/lab?client=billing&scope=read', text: 'Send the request' },
  { path: '/lab?tab=explain', text: 'Explain' },
  { path: '/lab?tab=federation', text: 'client' },
  { path: '/keys', text: 'ES256' },
  { path: '/keys?dialog=rotate:ES256', text: 'Rotate' },
  { path: '/audit', text: 'Token refused' },
  { path: '/audit?dialog=verify', text: 'Verify now' },
  { path: '/audit?dialog=export', text: 'Start the export' },
  { path: '/plans', text: 'Paste a manifest' },
  { path: '/settings', text: 'Settings' },
  { path: '/settings/administrators', text: 'anna' },
  { path: '/settings/groups', text: 'Groups' },
  { path: '/settings/sessions', text: 'Sessions' },
  { path: '/settings/sign-on', text: 'Sign-on' },
  { path: '/settings/tenants', text: 'Tenants' },
  { path: '/settings/files', text: 'Files' },
  { path: '/clients?why=REFUSED', text: 'To mend it' },
  { path: '/clients/nobody', text: 'There is no client nobody' },
  { path: '/nowhere', text: 'There is nothing at this address' },
  {
    path: '/clients?search=billing',
    text: 'billing',
    act: async (page) => {
      await page.keyboard.press('?')
      await page.getByRole('dialog').getByText('This list').waitFor()
    },
  },
  {
    path: '/clients?search=deploy',
    text: 'deploy',
    act: async (page) => {
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await page.keyboard.press('Control+k')
      await page.getByPlaceholder('A client, an API').fill('bill')
      await page.getByRole('dialog').getByText('billing').first().waitFor()
    },
  },
]

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
/** A dialog is a section whose role is another: axe counts the header of its title among those of the page. */
const NOT_MEANT = { 'landmark-no-duplicate-banner': { enabled: false }, 'landmark-unique': { enabled: false } }
/** The rules that depend on the theme. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block']

type Results = Awaited<ReturnType<AxeBuilder['analyze']>>
type RunOnly = { readonly type: 'tag' | 'rule'; readonly values: readonly string[] }

/** Goes to a page within the console, without loading it anew, and waits until all of it is there. */
async function show(page: Page, { path, text, act }: Shown): Promise<void> {
  await goWithin(page, path.replace('REFUSED', refused))
  const place = page.getByRole(/dialog=|why=/.test(path) ? 'dialog' : 'main')
  await place.getByText(text).first().waitFor()
  await act?.(page)
  await untilLoaded(page)
}

/** Faults that axe finds in the page as it is shown. The script of axe is there already. */
async function faultsOf(page: Page, runOnly: RunOnly): Promise<readonly string[]> {
  const options = { runOnly, rules: NOT_MEANT, resultTypes: ['violations'] }
  const { violations } = (await page.evaluate(`axe.run(${JSON.stringify(options)})`)) as Results
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, any }) => `${id} ${target}: ${any.map(({ message }) => message)}`),
  )
}

test('axe finds no fault on any page, in light and dark, and none is wider than a telephone', async () => {
  const page = await console.open('/keys')
  page.setDefaultTimeout(20_000)
  await page.getByRole('main').getByText('ES256').first().waitFor()
  // This puts the script of axe into the page, which all pages of the console share.
  await new AxeBuilder({ page }).setLegacyMode().withRules('html-has-lang').analyze()
  const faults: string[] = []
  for (const one of pages) {
    await show(page, one)
    const found = [...(await faultsOf(page, { type: 'tag', values: TAGS }))]
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.locator('html[data-mantine-color-scheme=dark]').waitFor()
    found.push(...(await faultsOf(page, { type: 'rule', values: COLOUR_RULES })))
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize({ width: 390, height: 800 })
    const width = await page.evaluate('document.documentElement.scrollWidth')
    await page.setViewportSize({ width: 1280, height: 860 })
    if (Number(width) > 390) found.push(`it is ${width} pixels wide`)
    faults.push(...found.map((fault) => `${one.path}: ${fault}`))
  }
  expect(faults).toEqual([])
  expect(console.complaints).toEqual([])
})
