import { rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { createLogger } from '../../src/observability/log.ts'
import { startServer } from '../../src/server/server.ts'
import { testConfig } from '../harness/server.ts'
import { runOn, Visitor } from '../harness/visitor.ts'

/** Starts a server, and stops it after `work`. @returns the links that it showed */
async function start(
  config: Awaited<ReturnType<typeof testConfig>>['config'],
  work: (links: readonly string[]) => Promise<void> = async () => {},
): Promise<readonly string[]> {
  const links: string[] = []
  const server = await startServer(config, { log: createLogger('silent'), onSetUpLink: (url) => links.push(url) })
  try {
    await work(links)
  } finally {
    await server.stop()
  }
  return links
}

const setting = async (options: Readonly<Record<string, string>> = {}) => {
  const { config, folder } = await testConfig({ 'shutdown.timeout': '0', ...options })
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return config
}

test('a new server shows a set-up link once, which makes the first account', async () => {
  const config = await setting()
  const links = await start(config)
  expect(links).toEqual([expect.stringMatching(/^https:\/\/localhost:\d+\/setup#[0-9A-Za-z]{43}$/)])
  const again = await start(config, async () => {
    const { origin, hash } = new URL(links[0] ?? '')
    const form = { token: hash.slice(1), name: 'anna', password: 'a tessera is a small tile' }
    expect((await new Visitor(origin).post('/setup', form)).status).toBe(303)
  })
  expect(again).toEqual([])
  expect(await start(config)).toEqual([])
})

test('a server that has an account, or single sign-on, shows no link', async () => {
  const config = await setting()
  const args = ['admin', 'bootstrap', '--name', 'anna']
  expect(await runOn(config, args, {}, 'a tessera is a small tile')).toMatchObject({ code: 0 })
  expect(await start(config)).toEqual([])
  const signOn = await setting({
    'sign_on.issuer': 'https://login.example.com',
    'sign_on.client_id': 'tessera',
    'sign_on.client_secret': 'secret',
    'sign_on.roles': 'admin:groups=platform',
  })
  expect(await start(signOn)).toEqual([])
})
