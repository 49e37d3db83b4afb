import { rmSync } from 'node:fs'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { runServer } from '../../src/cli/run.ts'
import { createLogger } from '../../src/observability/log.ts'
import { standardOutput } from '../../src/platform/standard-streams.ts'
import { startServer } from '../../src/server/server.ts'
import { runCommand } from '../harness/command.ts'
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
    const visitor = new Visitor(origin)
    await visitor.get('/sign-in')
    expect(visitor.page).toContain('Nobody has an account yet')
    expect((await visitor.post('/setup', form)).status).toBe(303)
    await visitor.get('/sign-in')
    expect(visitor.page).not.toContain('Nobody has an account yet')
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

describe('the command that starts a new server', () => {
  const SIGNALS = ['SIGTERM', 'SIGINT'] as const
  const before = SIGNALS.map((signal) => process.listeners(signal))
  afterEach(() => {
    vi.restoreAllMocks()
    for (const [n, signal] of SIGNALS.entries())
      for (const listener of process.listeners(signal))
        if (!before[n]?.includes(listener)) process.off(signal, listener)
  })

  /** Starts a server as `tessera serve` does, and stops it. @returns its output */
  async function runOnce(config: Awaited<ReturnType<typeof setting>>, isTerminal: boolean) {
    vi.spyOn(standardOutput, 'isTerminal', 'get').mockReturnValue(isTerminal)
    return runCommand({}, async () => {
      const server = await runServer({ config, warnings: [] })
      await server.stop()
    })
  }
  const HOW = 'nobody can administer this server yet: `tessera admin bootstrap --link` makes a set-up link'

  test('shows the link on a terminal, and not again', async () => {
    const config = await setting()
    const { stdout, stderr } = await runOnce(config, true)
    expect(stdout).toMatch(/^ {2}https:\/\/localhost:\d+\/setup#[0-9A-Za-z]{43}$/m)
    expect(stderr).not.toContain('/setup#')
    const again = await runOnce(config, true)
    expect(again.stdout).toBe('')
    expect(again.stderr).toContain(HOW)
  })

  test('shows none elsewhere, and its log says how to make one', async () => {
    const config = await setting()
    const { stdout, stderr } = await runOnce(config, false)
    expect(stdout).toBe('')
    expect(stderr).toContain(HOW)
    expect(stderr).not.toContain('/setup#')
    // None was made, either: a terminal shows the first.
    expect((await runOnce(config, true)).stdout).toContain('/setup#')
  })
})
