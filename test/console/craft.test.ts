import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Console, closeBrowser, PASSWORD, startConsole } from '../harness/browser.ts'

const manifest = `
apis: [{ audience: https://api.example.com, name: Orders, scopes: [{ name: read }] }]
clients:
  - { client_id: billing, scopes: [read] }
  - { client_id: stock, scopes: [read] }
  - { client_id: shipping, scopes: [read] }
`

let console: Console
beforeAll(async () => {
  console = await startConsole({ manifest })
})
afterAll(async () => {
  await console.stop()
  await closeBrowser()
})

const open = async (path: string, view: Parameters<Console['open']>[1] = {}): Promise<Page> => {
  const page = await console.open(path, view)
  page.setDefaultTimeout(20_000)
  return page
}

const clientOf = async (id: string): Promise<unknown> => (await console.call('GET', `/clients/${id}`)).json()

const isFocused = async (target: Locator): Promise<boolean> =>
  (await target.and(target.page().locator(':focus')).count()) > 0

/** Presses a key until something has the focus, as a person without a mouse does. */
async function reach(page: Page, target: Locator, key = 'Tab'): Promise<void> {
  await target.first().waitFor()
  for (let presses = 0; presses < 60; presses += 1) {
    if (await isFocused(target)) return
    await page.keyboard.press(key)
  }
  throw new Error(`60 times ${key} do not lead to ${target}`)
}

test('by keyboard alone: past the navigation, to a client, and along the shortcuts', async () => {
  const page = await open('/')
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.keyboard.press('Tab')
  expect(await isFocused(page.getByRole('link', { name: 'Skip to the content' }))).toBe(true)
  await page.keyboard.press('Enter')
  await expect.poll(() => isFocused(page.getByRole('main'))).toBe(true)

  await page.keyboard.press('Control+k')
  await page.getByPlaceholder('A client, an API').waitFor()
  await page.keyboard.type('ship')
  await page.getByRole('dialog').getByText('shipping').first().waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/clients\/shipping$/)
  await page.getByRole('dialog').waitFor({ state: 'detached' })

  await page.keyboard.press('g')
  await page.keyboard.press('c')
  await page.waitForURL(/\/clients$/)
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Shortcuts' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(console.complaints).toEqual([])
})

test('a page that changes between the two keys of a shortcut loses neither', async () => {
  const page = await open('/clients')
  await page.getByRole('heading', { level: 1 }).waitFor()
  let turn = 0
  // A busy machine may miss the time within which the second key must follow.
  const isThere = async (): Promise<boolean> => {
    turn += 1
    await page.keyboard.press('g')
    await page.evaluate(`history.pushState(null, '', '/clients?search=bill${turn}')`)
    await page.locator(`input[value=bill${turn}]`).waitFor()
    await page.keyboard.press('r')
    return page.waitForURL(/rotation$/, { timeout: 2_000 }).then(
      () => true,
      () => false,
    )
  }
  await expect.poll(isThere, { timeout: 20_000 }).toBe(true)
  expect(console.complaints).toEqual([])
})

test('on a telephone, the navigation closes once a place is chosen, even the present one', async () => {
  const page = await open('/clients', { width: 'narrow' })
  for (const place of ['Clients', 'Rotation']) {
    const burger = page.getByRole('button', { name: 'Open the navigation' })
    await burger.click()
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: place }).click()
    await burger.and(page.locator('[aria-expanded=false]')).waitFor()
  }
  expect(console.complaints).toEqual([])
})

test('by keyboard alone: a client is made, and the focus comes back after a dialog', async () => {
  const page = await open('/clients')
  await reach(page, page.getByRole('link', { name: 'New client' }))
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/clients\/new/)
  const radios = page.getByRole('radio')
  await reach(page, radios.first())
  await page.keyboard.press('Space')
  await reach(page, page.getByRole('radio', { name: /developer/ }), 'ArrowDown')
  await reach(page, page.getByRole('textbox', { name: 'Client id' }))
  await page.keyboard.type('typed')
  const go = page.getByRole('button', { name: 'Continue' })
  await reach(page, go)
  await page.keyboard.press('Enter')
  await reach(page, page.getByRole('checkbox', { name: 'read' }))
  await page.keyboard.press('Space')
  await reach(page, go)
  await page.keyboard.press('Enter')
  await page.getByText(/Ends on/).waitFor()
  await reach(page, go)
  await page.keyboard.press('Enter')
  const create = page.getByRole('button', { name: 'Create client' })
  await reach(page, create)
  await page.keyboard.press('Enter')
  await reach(page, page.getByRole('button', { name: 'I have kept it' }))
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/clients\/typed/)
  expect(await clientOf('typed')).toMatchObject({ client_id: 'typed', grants: [{ scopes: ['read'] }] })

  await page.goto('/clients/typed?tab=danger')
  const remove = page.getByRole('button', { name: /^Delete/ })
  await reach(page, remove)
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await expect.poll(() => isFocused(remove)).toBe(true)
  expect(console.complaints).toEqual([])
})

test('a server that goes down is announced, and the page goes on by itself when it is back', async () => {
  const page = await open('/clients')
  await page.getByRole('link', { name: 'billing' }).waitFor()
  const notice = page.getByRole('status').filter({ hasText: 'The server does not answer' })
  await console.server.stopServer()
  await page.getByRole('textbox', { name: /id or a name/ }).fill('stock')
  await notice.waitFor()
  await console.server.startAgain()
  await notice.waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'billing' }).waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'stock' }).waitFor()
  expect(console.complaints).toEqual([])
})

test('a session that ended is renewed in another tab, and nothing that was entered is lost', async () => {
  const page = await open('/clients/billing', { role: 'operator' })
  await page.getByLabel('Name').fill('Invoices of the night')
  const ended = await page.evaluate(`fetch('/api/v1/sessions', {
    method: 'DELETE',
    headers: { 'x-csrf-token': document.querySelector('meta[name=csrf-token]').content },
  }).then(({ status }) => status)`)
  expect(ended).toBe(204)
  await page.getByRole('button', { name: 'Save' }).click()
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
  await dialog.waitFor()
  const [tab] = await Promise.all([
    page.context().waitForEvent('page'),
    dialog.getByRole('link', { name: 'Sign in in another tab' }).click(),
  ])
  await tab.getByLabel('Name').fill('the-operator')
  await tab.getByLabel('Password').fill(PASSWORD)
  await tab.getByRole('button', { name: 'Sign in' }).click()
  await tab.getByRole('heading', { level: 1 }).waitFor()

  await dialog.waitFor({ state: 'detached' })
  expect(await page.getByLabel('Name').inputValue()).toBe('Invoices of the night')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved', { exact: true }).waitFor()
  expect(await clientOf('billing')).toMatchObject({ name: 'Invoices of the night' })
  expect(console.complaints).toEqual([])
})

test('two tabs that edit one client see both versions, and the person decides', async () => {
  const [theirs, mine] = [await open('/clients/stock'), await open('/clients/stock')]
  await theirs.getByLabel('Name').fill('Warehouse')
  await mine.getByLabel('Name').fill('Stock of the shop')
  await theirs.getByRole('button', { name: 'Save' }).click()
  await theirs.getByText('Saved', { exact: true }).waitFor()
  const before = await clientOf('stock')
  await mine.getByRole('button', { name: 'Save' }).click()
  const dialog = mine.getByRole('dialog', { name: 'Somebody else changed this meanwhile' })
  await dialog.getByRole('row', { name: 'name Warehouse Stock of the shop' }).waitFor()
  expect(await clientOf('stock')).toEqual(before)
  await dialog.getByRole('button', { name: 'Save mine on top of theirs' }).click()
  await mine.getByText('Saved', { exact: true }).waitFor()
  expect(await clientOf('stock')).toMatchObject({ name: 'Stock of the shop' })

  await theirs.getByLabel('Name').fill('Cellar')
  await theirs.getByRole('button', { name: 'Save' }).click()
  await theirs.getByRole('button', { name: 'Take theirs, drop mine' }).click()
  await expect.poll(() => theirs.getByLabel('Name').inputValue()).toBe('Stock of the shop')
  expect(await clientOf('stock')).toMatchObject({ name: 'Stock of the shop' })
  expect(console.complaints).toEqual([])
})
