import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Console, closeBrowser, startConsole } from '../harness/browser.ts'

const secret = 'the first secret of billing 1234567890'
const manifest = `
apis: [{ audience: https://api.example.com, scopes: [{ name: read }] }]
clients:
  - { client_id: "bill:ing", scopes: [read], credentials: [{ label: first, secret: "${secret}", expires: 60d }] }
  - { client_id: soon, scopes: [read], credentials: [{ label: short, secret: "${secret}", expires: 5d }] }
  - client_id: deploy
    scopes: [read]
    credentials:
      - label: github
        federated: { issuer: "https://issuer.example.com", audience: "https://auth.example.com", subject: "repo:a/b" }
`

let console: Console
beforeAll(async () => {
  console = await startConsole({ manifest })
})
afterAll(async () => {
  await console.stop()
  await closeBrowser()
})

const token = (clientId: string, given: string) =>
  console.server.token({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: given,
    resource: 'https://api.example.com',
  })

test('a secret is rotated with an overlap, shown once, and the old one removed', async () => {
  const page = await console.open('/clients/bill%3Aing?tab=credentials')
  await page.getByRole('button', { name: 'Actions for first', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Rotate' }).click()
  await page.getByText(/The old secret ends on/).waitFor()
  expect(new URL(page.url()).searchParams.get('dialog')).toMatch(/^rotate:.*:bill:ing$/)
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click()
  const next = (await page.getByRole('region', { name: 'the secret', exact: true }).textContent())?.trim() ?? ''
  await page.getByRole('button', { name: 'Close' }).first().click()
  await page.getByText('The secret is not kept yet').waitFor()
  await page.getByRole('button', { name: 'Back to the secret' }).click()
  await page.getByRole('button', { name: 'I have kept it' }).click()
  expect((await token('bill:ing', next)).status).toBe(200)
  expect((await token('bill:ing', secret)).status).toBe(200)

  await page.getByRole('button', { name: 'Actions for first', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Revoke' }).click()
  await page.getByRole('button', { name: 'Revoke' }).click()
  await page.getByText('The credential is revoked').waitFor()
  await page.getByText('Revoked', { exact: true }).waitFor()
  await expect.poll(async () => (await token('bill:ing', secret)).status).toBe(401)
  const events = await console.server.audit()
  expect(events.some(({ type }) => type === 'credential.revoke')).toBe(true)
  expect(console.complaints).toEqual([])
}, 60_000)

test('a credential can be removed once its consequences are there, and not before', async () => {
  const page = await console.open('/clients/soon?tab=credentials')
  let answer = () => {}
  const asked = new Promise<void>((resolve) => {
    answer = resolve
  })
  await page.route('**/effect', async (route) => {
    await asked
    await route.continue()
  })
  await page.getByRole('button', { name: 'Actions for short', exact: true }).click()
  const read = page.waitForResponse((response) => /credentials\/[^/]+$/.test(response.url()))
  await page.getByRole('menuitem', { name: 'Remove' }).click()
  const remove = page.getByRole('dialog').getByRole('button', { name: 'Remove' })
  await remove.waitFor()
  await read
  expect(await remove.isDisabled()).toBe(true)
  answer()
  await page.getByText('Nobody has ever used it.').waitFor()
  await expect.poll(() => remove.isEnabled()).toBe(true)
})

test('the board finds what ends soon, and rotates it there', async () => {
  const page = await console.open('/rotation?view=expiring')
  await page.getByRole('link', { name: 'soon' }).waitFor()
  expect(await page.getByRole('link', { name: 'bill:ing' }).count()).toBe(0)
  await page.getByRole('button', { name: 'Actions for short', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Rotate' }).click()
  await page.getByRole('combobox', { name: 'Overlap' }).click()
  await page.getByRole('option', { name: 'It ends at once' }).click()
  await page.getByText('The old secret ends at once').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click()
  await page.getByRole('button', { name: 'I have kept it' }).click()
  await page.getByText('Nothing ends within 30 days').waitFor()
  expect((await token('soon', secret)).status).toBe(401)
  await page.getByRole('link', { name: /^Expired/ }).click()
  await page.getByRole('link', { name: 'soon' }).waitFor()
  expect(console.complaints).toEqual([])
}, 60_000)

test('the board fits a phone', async () => {
  const page = await console.open('/rotation', { width: 'narrow', theme: 'dark' })
  await page.getByRole('link', { name: 'deploy' }).waitFor()
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
  expect(await page.getByRole('navigation', { name: 'Views' }).locator('[aria-current]').count()).toBe(1)
}, 30_000)

test('a pasted token says why it does not match, and an auditor may end nothing', async () => {
  const page = await console.open('/clients/deploy?tab=credentials', { role: 'auditor' })
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { iss: 'https://issuer.example.com', aud: 'https://auth.example.com', sub: 'repo:other' }
  await page.getByRole('textbox', { name: 'Token' }).fill(`${part({ alg: 'RS256', kid: 'x' })}.${part(claims)}.AAAA`)
  await page.getByRole('button', { name: 'Check' }).click()
  await page.getByText('repo:other').waitFor()
  await page.getByText('It proves no client').waitFor()
  await page.getByRole('heading', { name: /^deploy, .*differs$/ }).waitFor()
  expect(await page.getByRole('button', { name: /^Actions/ }).count()).toBe(0)
  expect(await page.getByRole('button', { name: 'Add credential' }).count()).toBe(0)
  for (const dialog of ['add-credential', 'rotate:1:deploy', 'label:1:deploy', 'revoke:1:deploy', 'cancel:1:deploy']) {
    await page.goto(`/clients/deploy?tab=credentials&dialog=${dialog}`)
    await page.getByRole('textbox', { name: 'Token' }).waitFor()
    expect([dialog, await page.getByRole('dialog').count()]).toEqual([dialog, 0])
  }
  expect(console.complaints).toEqual([])
}, 60_000)
