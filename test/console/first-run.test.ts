import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { closeBrowser, openPage } from '../harness/browser.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { runOn } from '../harness/visitor.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(async () => {
  await closeBrowser()
  await server.stop()
})

test('a set-up link leads to an account, a first client, a command that works, and a token taken apart', async () => {
  const { stdout } = await runOn(server.config, ['admin', 'bootstrap', '--link', '--secrets-to', 'stdout'])
  const complaints: string[] = []
  const page = await openPage(server.admin, stdout.trim(), {}, new Map(), complaints)
  await page.getByLabel('Name', { exact: false }).first().fill('anna')
  await page.getByLabel('Password', { exact: false }).fill('a tessera is a small tile')
  await page.getByRole('button', { name: 'Create the administrator' }).click()

  await page.getByRole('link', { name: 'Begin' }).click()
  await page.getByLabel('Client id').fill('billing')
  await page.getByRole('button', { name: 'Make the client' }).click()
  await page.getByText('billing may read at https://api.example.com').waitFor()
  const secret = (await page.getByRole('region', { name: 'the secret', exact: true }).textContent()) ?? ''
  const command = (await page.getByRole('region', { name: /curl/i }).textContent()) ?? ''
  await page.getByRole('button', { name: 'Get one here' }).click()
  await page.getByText('client_id', { exact: true }).waitFor()

  const { stdout: answer } = await promisify(execFile)('sh', ['-c', command.replace('curl', 'curl --insecure')], {
    env: { ...process.env, CLIENT_SECRET: secret },
  })
  expect(JSON.parse(answer)).toMatchObject({ token_type: 'Bearer', scope: 'read' })

  await page.getByRole('button', { name: /kept/i }).click()
  expect(await page.content()).not.toContain(secret)
  const events = (await server.audit()).map(({ type }) => type)
  expect(events).toEqual(expect.arrayContaining(['account.add', 'api.add', 'client.add', 'token.issue']))
  expect(complaints).toEqual([])
})
