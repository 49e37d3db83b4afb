import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { managementContext } from '../../src/cli/database.ts'
import { federateTest } from '../../src/cli/federate.ts'
import { loadOptions } from '../../src/config/load.ts'
import { revokeCredential } from '../../src/management/credentials/revoke.ts'
import { ClientId } from '../../src/oauth/ids.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openStore } from '../../src/store/open.ts'
import { runCommand } from '../harness/command.ts'
import { newSecret, oneApi } from '../harness/model.ts'
import { runTessera } from '../harness/program.ts'
import { applyTo, testConfig } from '../harness/server.ts'
import { makeSigner, signWith } from '../harness/tokens.ts'
import { type Issuer, startIssuer } from './issuer.ts'

const byHand = await makeSigner('ES256')
let issuer: Issuer
let folder: string
let env: Record<string, string>
beforeAll(async () => {
  issuer = await startIssuer()
  const made = await testConfig(issuer.options)
  folder = made.folder
  const { storage } = made.config
  env = { TESSERA_STORAGE: storage, ...issuer.env }
  const trust = (more: string) => `{ issuer: "${issuer.url}", audience: us, subject: repo, ${more} }`
  const options = loadOptions({ env, flags: {} })
  const manifest = `
${oneApi('edit')}
clients:
  - client_id: workflow
    scopes: [edit]
    credentials:
      - { label: production, federated: ${trust('when: claims.environment == "production"')} }
      - { label: another, federated: { issuer: "https://ci.example.com", audience: us, subject: repo } }
  - client_id: inline
    scopes: [edit]
    credentials: [{ label: by hand, federated: { issuer: "https://10.0.0.1", audience: us, subject: repo, jwks: ${JSON.stringify({ keys: [byHand.publicJwk] })} } }]
  - client_id: ended
    enabled: false
    credentials: [{ label: gone, federated: ${trust('')} }, { label: old, expires: 2020-01-01T00:00:00Z, federated: ${trust('max_age: 600')} }]
  - { client_id: plain, credentials: [{ secret: ${newSecret()} }] }
`
  await applyTo({ ...made.config, outbound: options.outbound }, manifest)
  const store = await openStore(storage, systemClock)
  await revokeCredential(managementContext({ options, store }), { client: ClientId('ended'), name: 'gone' })
  await store.close()
})
afterAll(async () => {
  await issuer.stop()
  rmSync(folder, { recursive: true })
})

const seconds = () => Math.floor(Date.now() / 1000)
const claims = (more: object = {}) => ({
  aud: 'us',
  sub: 'repo',
  environment: 'production',
  iat: seconds(),
  exp: seconds() + 60,
  ...more,
})
const federate = (client: string, token: string, ...args: string[]) =>
  runTessera(['federate', 'test', '--client', client, ...args], env, `${token}\n`)

describe('tessera federate test', () => {
  test('a matching token: exit code 0, each check, and why the other credential doesn’t match', async () => {
    const { code, stdout, stderr } = await federate('workflow', await issuer.sign(claims()))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.trimEnd().split('\n')).toEqual([
      `matches  production  ${issuer.url}`,
      '  ✓ signature: good',
      `  ✓ issuer: ${issuer.url}`,
      '  ✓ audience: us',
      '  ✓ subject: repo',
      expect.stringMatching(/^ {2}✓ expiry: \d{4}-/),
      expect.stringMatching(/^ {2}✓ issued_at: \d{4}-/),
      '  ✓ when: true',
      'does not match  another  https://ci.example.com',
      `  ✗ issuer: expected https://ci.example.com, received ${issuer.url}`,
    ])
  })

  test('another token: exit code 1, and the failed checks with their values', async () => {
    const { code, stdout, stderr } = await federate(
      'workflow',
      await issuer.sign(claims({ environment: 'test', aud: 'them' })),
    )
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    const lines = stdout.split('\n')
    expect(lines[0]).toBe(`does not match  production  ${issuer.url}`)
    expect(lines).toContain('  ✗ audience: expected us, received them')
    expect(lines).toContainEqual(
      expect.stringMatching(/^ {2}✗ when: expected claims\.environment == "production", received .*test/),
    )
    expect(lines).toContain('  ✓ subject: repo')
  })

  test('the keys in a credential', async () => {
    const sign = (by: typeof byHand) => signWith(by, claims({ iss: 'https://10.0.0.1' }))
    const good = await federate('inline', await sign(byHand))
    expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining('✓ signature: good') })
    const forged = await federate('inline', await sign(await makeSigner('ES256')))
    expect(forged).toMatchObject({ code: 1, stdout: expect.stringContaining('✗ signature: no key of the issuer') })
  })

  test('--json: each check of each credential', async () => {
    const stranger = await makeSigner('ES256')
    const forged = await signWith(stranger, claims({ iss: issuer.url }))
    const { code, stdout } = await federate('workflow', forged, '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject([
      {
        credential: 'production',
        issuer: issuer.url,
        matched: false,
        signature: 'no key of the issuer verifies it',
        checks: [
          { check: 'issuer', passed: true, expected: issuer.url, received: issuer.url },
          { check: 'audience', passed: true },
          { check: 'subject', passed: true },
          { check: 'expiry', passed: true },
          { check: 'issued_at', passed: true },
          { check: 'when', passed: true },
        ],
      },
      { credential: 'another', matched: false, checks: [{ check: 'issuer', passed: false }] },
    ])
  })

  test('a credential that has ended matches nothing; a disabled client is mentioned', async () => {
    const { code, stdout, stderr } = await federate('ended', await issuer.sign(claims()))
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'ended is disabled: every token is refused\n' })
    expect(stdout.split('\n').filter((line) => /match|✗/.test(line))).toEqual([
      `does not match  gone  ${issuer.url}`,
      '  ✗ credential: revoked',
      `does not match  old  ${issuer.url}`,
      '  ✗ credential: expired',
    ])
  })

  test.each([
    [
      'not a token',
      'the token is not a signed JWT that can be decoded (it has not three parts with dots between them)',
    ],
    ['', 'standard input has no token'],
  ])('text that isn’t a token, one line and exit code 1: %j', async (text, message) => {
    expect(await federate('workflow', text)).toEqual({ code: 1, stdout: '', stderr: `tessera: ${message}\n` })
  })

  test.each([
    ['an unknown client', 'nobody', 'there is no client "nobody"'],
    ['a client without a federated credential', 'plain', '"plain" has no federated credential'],
  ])('%s', async (_name, client, message) => {
    expect((await runCommand(env, () => federateTest({ client }))).error).toBe(message)
  })
})
