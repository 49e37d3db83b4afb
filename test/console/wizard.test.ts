import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Console, closeBrowser, startConsole } from '../harness/browser.ts'

const manifest = `
apis: [{ audience: https://api.example.com, name: Orders, scopes: [{ name: read }, { name: write }] }]
clients: [{ client_id: taken, scopes: [read] }]
`

let console: Console
beforeAll(async () => {
  console = await startConsole({ manifest })
})
afterAll(async () => {
  await console.stop()
  await closeBrowser()
})

test('a developer gets a secret once, and is asked before it is lost', async () => {
  const page = await console.open('/clients/new?step=summary')
  // A step that lacks something before it leads to the place that lacks it.
  await page.getByRole('radio', { name: /developer/ }).check()
  await page.getByRole('textbox', { name: 'Client id' }).fill('taken')
  await page.getByRole('link', { name: /Its rights/ }).click()
  await page.getByRole('checkbox', { name: 'read' }).check()
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText(/Ends on/).waitFor()
  await page.goBack()
  expect(await page.getByRole('checkbox', { name: 'read' }).isChecked()).toBe(true)
  await page.goForward()
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText('It may use read at https://api.example.com.').waitFor()
  await page.getByRole('button', { name: 'Create client' }).click()
  await page.getByRole('alert').waitFor()

  await page.getByRole('link', { name: /Where it runs/ }).click()
  await page.getByRole('textbox', { name: 'Client id' }).fill('fresh')
  await page.getByRole('link', { name: /Summary/ }).click()
  await page.getByRole('button', { name: 'Create client' }).click()
  const secret = (await page.getByRole('region', { name: 'the secret', exact: true }).textContent())?.trim() ?? ''
  expect(secret).toMatch(/^tss_/)
  expect(page.url()).not.toContain(secret)
  expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))).not.toContain(secret)
  const answer = await console.server.token({
    grant_type: 'client_credentials',
    client_id: 'fresh',
    client_secret: secret,
    resource: 'https://api.example.com',
    scope: 'read',
  })
  expect(answer.status).toBe(200)
  await page.getByRole('link', { name: 'Rotation' }).first().click()
  await page.getByRole('dialog').getByText('The secret is not kept yet').waitFor()
  await page.getByRole('button', { name: 'Back to the secret' }).click()
  await page.getByRole('button', { name: 'I have kept it' }).click()
  await page.waitForURL(/\/clients\/fresh/)
  expect(console.complaints).toEqual([])
}, 40_000)

test('a workflow of GitHub gets a trust and no secret', async () => {
  const page = await console.open('/clients/new', { width: 'narrow', theme: 'dark' })
  await page.getByRole('radio', { name: /GitHub Actions/ }).check()
  await page.getByRole('textbox', { name: 'Client id' }).fill('deploy')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('textbox', { name: 'Repository' }).fill('acme/shop')
  await page.getByText('repo:acme/shop:ref:refs/heads/main').waitFor()
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('button', { name: 'Create client' }).click()
  await page.getByText('.github/workflows/token.yaml').first().waitFor()
  expect(await page.getByText(/only time the secret/).count()).toBe(0)
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
  expect(console.complaints).toEqual([])
}, 40_000)
