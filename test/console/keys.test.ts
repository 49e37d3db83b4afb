import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Console, closeBrowser, startConsole } from '../harness/browser.ts'

let console: Console
beforeAll(async () => {
  console = await startConsole()
  await fetch(`${console.server.issuer}/pf/JWKS`, { headers: { 'user-agent': 'orders/2' } })
})
afterAll(async () => {
  await console.stop()
  await closeBrowser()
})

const events = async () => (await console.server.audit()).filter(({ type }) => type === 'key.change')

test('a rotation says first what it does, and keeps its reason', async () => {
  const page = await console.open('/keys')
  page.setDefaultTimeout(8_000)
  await page.getByRole('img', { name: /A line a key/ }).waitFor()
  const before = (await events()).length
  await page
    .getByRole('button', { name: /Rotate/ })
    .first()
    .click()
  await page.waitForURL(/dialog=rotate/)
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Tokens that were signed before stay valid', { exact: false }).waitFor()
  await dialog.getByLabel('Reason').fill('drill')
  await dialog.getByRole('button', { name: 'Rotate' }).click()
  await page.getByRole('table', { name: 'Keys' }).getByText('Pending').waitFor()
  await expect.poll(async () => (await events()).length).toBeGreaterThan(before)
  expect(JSON.stringify((await events()).at(-1))).toContain('drill')
  expect(console.complaints).toEqual([])
})

test('a rotation begins anew each time that its dialog opens', async () => {
  const page = await console.open('/keys')
  page.setDefaultTimeout(8_000)
  const dialog = page.getByRole('dialog')
  const now = dialog.getByRole('checkbox')
  await page.getByRole('button', { name: 'Rotate' }).click()
  await now.check()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Rotate' }).click()
  await now.waitFor()
  expect(await now.isChecked()).toBe(false)
})

test('a revocation needs the first letters of the key, and a roll back without a previous key is refused', async () => {
  const page = await console.open('/keys?dialog=roll-back:ES256')
  page.setDefaultTimeout(8_000)
  await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click()
  await page.getByText(/there is no ES256 key to go back to/).waitFor()
  const kid = String(
    (await events()).find(({ detail }) => detail?.['algorithm'] === 'ES256' && detail['state'] === 'active')?.detail?.[
      'kid'
    ],
  )
  await page.goto(`/keys?dialog=revoke:${kid}`)
  const revoke = page.getByRole('button', { name: 'Revoke the key' })
  await revoke.waitFor()
  expect(await revoke.isDisabled()).toBe(true)
  await page.getByLabel(/Type/).fill(kid.slice(0, 6))
  await revoke.click()
  await page.getByRole('table', { name: 'Keys' }).getByText('Revoked').waitFor()
})

test('an auditor sees the keys, and no way to change them', async () => {
  const page = await console.open('/keys', { role: 'auditor' })
  page.setDefaultTimeout(8_000)
  await page.getByRole('table', { name: 'Keys' }).waitFor()
  expect(await page.getByRole('button', { name: /Rotate|Actions/ }).count()).toBe(0)
  await page.goto('/keys?dialog=rotate:ES256')
  await page.getByRole('table', { name: 'Keys' }).waitFor()
  expect(await page.getByRole('dialog').count()).toBe(0)
})

test('a link to the rotation of an unknown algorithm opens nothing', async () => {
  const page = await console.open('/keys?dialog=rotate:HS256')
  await page.getByRole('table', { name: 'Keys' }).waitFor()
  expect(await page.getByRole('dialog').count()).toBe(0)
})
