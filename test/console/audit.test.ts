import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Console, closeBrowser, startConsole } from '../harness/browser.ts'
import { basic } from '../harness/server.ts'

const manifest = `
apis: [{ audience: https://api.example.com, scopes: [{ name: read }, { name: write }] }]
clients: [{ client_id: billing, scopes: [read], credentials: [{ label: first }] }]
`

let console: Console
beforeAll(async () => {
  console = await startConsole({ manifest })
  await console.server.apply(manifest.replace('[read]', '[read, write]'))
})
afterAll(async () => {
  await console.stop()
  await closeBrowser()
})

const refuse = () => console.server.token({ grant_type: 'client_credentials' }, basic('billing', 'wrong'))

test('filters stand in the address, and an event shows what changed, under a link of its own', async () => {
  await refuse()
  const page = await console.open('/audit')
  page.setDefaultTimeout(8_000)
  await page.getByRole('link', { name: 'Token refused' }).waitFor()
  await page.getByPlaceholder('Any type').fill('manifest')
  await page.getByRole('option', { name: 'Manifest applied' }).click()
  await page.waitForURL(/manifest\.apply/)
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: 'Token refused' }).waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Manifest applied' }).first().click()
  const drawer = page.getByRole('dialog', { name: 'Manifest applied' })
  await drawer.getByRole('row', { name: 'scopes read read, write' }).waitFor()
  await page.reload()
  await drawer.getByRole('row', { name: 'scopes read read, write' }).waitFor()
  expect(console.complaints).toEqual([])
})

test('a refusal leads to its explanation', async () => {
  const refused = await refuse()
  const id = refused.headers.get('x-request-id')
  await console.server.audit(id)
  const page = await console.open(`/audit?request_id=${id}`)
  page.setDefaultTimeout(8_000)
  await page.getByRole('link', { name: 'wrong_secret' }).click()
  await page.waitForURL((url) => url.searchParams.get('why') === id)
})

test('new events appear while the log is followed, and stop when it is paused', async () => {
  const page = await console.open('/audit?result=refused&type=token.issue')
  page.setDefaultTimeout(8_000)
  const rows = page.getByRole('link', { name: 'Token refused' })
  await rows.first().waitFor()
  await page.clock.install()
  const asked = page.waitForResponse(/new-events/)
  await page.getByRole('button', { name: 'Follow live' }).click()
  await asked
  const before = await rows.count()
  await refuse()
  await page.getByRole('status').filter({ hasText: '1 new event' }).waitFor()
  expect(await rows.count()).toBe(before + 1)
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.waitForURL((url) => !url.searchParams.has('live'))
  const late: string[] = []
  page.on('request', (request) => late.push(request.url()))
  await console.server.audit((await refuse()).headers.get('x-request-id'))
  await page.clock.fastForward(10_000)
  expect(await rows.count()).toBe(before + 1)
  expect(late.filter((url) => url.includes('new-events'))).toEqual([])
})

test('the chain is verified, and a key that nobody knows is refused in words', async () => {
  const page = await console.open('/audit?dialog=verify')
  page.setDefaultTimeout(8_000)
  await page.getByRole('button', { name: 'Verify now' }).click()
  await page.getByText('The log is intact').waitFor()
  await page.getByLabel('Trusted key').fill('unknown')
  await page.getByRole('button', { name: 'Verify again' }).click()
  await page.getByText(/no key of this audit log has the thumbprint unknown/).waitFor()
})

test('the export has the events that fit, complete as JSON Lines, and no formula in CSV', async () => {
  const page = await console.open('/audit?type=manifest.apply&dialog=export')
  page.setDefaultTimeout(8_000)
  const save = async (): Promise<string> => {
    await page.getByRole('button', { name: /Start the export/ }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save the file' }).click()
    return readFile(await (await download).path(), 'utf8')
  }
  const first = await save()
  expect(await save()).toBe(first)
  const [line = ''] = first.split('\n')
  expect(JSON.parse(line)).toMatchObject({
    type: 'manifest.apply',
    changes: { things: [{ after: { scopes: ['read', 'write'] } }] },
  })
  await page.getByRole('radio', { name: /CSV/ }).check()
  expect((await save()).trim().split('\r\n')).toHaveLength(3)
  await console.server.token({ grant_type: 'client_credentials', client_id: '=1+1', client_secret: 'x' })
  await page.goto('/audit?result=refused&dialog=export')
  await page.getByRole('radio', { name: /CSV/ }).check()
  const refused = await save()
  expect(refused).toContain("'=1+1")
  expect(refused).not.toContain(',=1+1')
  expect(console.complaints).toEqual([])
})
