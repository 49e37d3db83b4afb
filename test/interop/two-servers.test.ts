/** An API that accepts the tokens of two servers during a transition, by the code of `docs/migrating/side-by-side.md`. */

import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { JWTPayload } from 'jose'
import { Provider } from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AUDIENCE, GUIDE, manifestFor } from '../harness/library-setting.ts'
import { freePort } from '../harness/port.ts'
import { type ResourceServer, startResourceServer } from '../harness/resource-server.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { makeSigner, signWith, unsigned } from '../harness/tokens.ts'

type Verify = (token: string) => Promise<JWTPayload>

const signer = await makeSigner('RS256', { kid: 'old' })
const OTHER_AUDIENCE = 'https://vault.example.com'

let tessera: TestServer
let old: ResourceServer
let oldIssuer: string
let folder: string
let verify: Verify
beforeAll(async () => {
  tessera = await startTestServer({ manifest: manifestFor(AUDIENCE) })
  const port = await freePort()
  oldIssuer = `https://localhost:${port}`
  old = await startResourceServer(oldServer(oldIssuer).callback(), port)
  folder = mkdtempSync(join(tmpdir(), 'tessera-two-servers-'))
  verify = await verifierOfPage()
})
afterAll(async () => {
  await old.stop()
  await tessera.stop()
  rmSync(folder, { recursive: true })
})

/** The old server: oidc-provider, which issues JWTs (RFC 9068) to the guide's client. */
function oldServer(issuer: string): Provider {
  return new Provider(issuer, {
    clients: [
      {
        client_id: GUIDE.clientId,
        client_secret: GUIDE.secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    jwks: { keys: [{ ...signer.privateJwk, kid: 'old', alg: 'RS256', use: 'sig' }] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        getResourceServerInfo: (_context: unknown, audience: string) => ({
          audience,
          scope: 'edit read',
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
        }),
      },
    },
  })
}

/** The function of the page, with the addresses of the servers of this test. */
async function verifierOfPage(): Promise<Verify> {
  const page = readFileSync('docs/migrating/side-by-side.md', 'utf8')
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? []
  const ours = code
    .replaceAll('https://login.example.com/realms/demo/protocol/openid-connect/certs', `${oldIssuer}/jwks`)
    .replaceAll('https://login.example.com/realms/demo', oldIssuer)
    .replaceAll('https://auth.example.com', tessera.issuer)
    .replaceAll('https://orders.example.com', AUDIENCE)
  expect(ours).not.toContain('example.com/realms')
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  const file = join(folder, 'verify.mjs')
  writeFileSync(file, ours)
  return ((await import(/* @vite-ignore */ pathToFileURL(file).href)) as { verify: Verify }).verify
}

/** Asks a server for a token, with the settings of one client. */
async function tokenFrom(endpoint: string, more: Record<string, string> = {}): Promise<string> {
  const body = new URLSearchParams({ grant_type: 'client_credentials', scope: GUIDE.scope, ...more })
  const response = await fetch(endpoint, { method: 'POST', headers: basic(GUIDE.clientId, GUIDE.secret), body })
  return ((await response.json()) as { access_token: string }).access_token
}
const fromOld = (resource = AUDIENCE) => tokenFrom(`${oldIssuer}/token`, { resource })
const fromTessera = () => tokenFrom(`${tessera.issuer}/as/token.oauth2`)

test.each<[string, () => string, () => Promise<string>]>([
  ['the old server', () => oldIssuer, fromOld],
  ['Tessera', () => tessera.issuer, fromTessera],
])('accepts a token of %s, with the same audience and scope', async (_name, issuer, ask) => {
  expect(await verify(await ask())).toMatchObject({
    iss: issuer(),
    aud: AUDIENCE,
    client_id: GUIDE.clientId,
    scope: GUIDE.scope,
  })
})

describe('refuses', () => {
  const now = Math.floor(Date.now() / 1000)
  const claims = (iss: string, changes: object = {}) => ({
    iss,
    aud: AUDIENCE,
    sub: GUIDE.clientId,
    client_id: GUIDE.clientId,
    iat: now,
    exp: now + 600,
    scope: GUIDE.scope,
    ...changes,
  })
  const header = { typ: 'at+jwt', kid: 'old' }

  test.each<[string, () => Promise<string>]>([
    ['wrong-audience: a token for another API', () => fromOld(OTHER_AUDIENCE)],
    ['a token of another server', () => signWith(signer, claims('https://evil.example.com'), header)],
    ['a token of one server that names the other', () => signWith(signer, claims(tessera.issuer), header)],
    ['a token whose issuer has a slash more', () => signWith(signer, claims(`${oldIssuer}/`), header)],
    ['a token without issuer', () => signWith(signer, { ...claims(''), iss: undefined }, header)],
    ['a token whose issuer is a name of every object', () => signWith(signer, claims('constructor'), header)],
    ['an unsigned token', async () => unsigned({ alg: 'none', typ: 'at+jwt' }, claims(oldIssuer))],
    ['an expired token', () => signWith(signer, claims(oldIssuer, { exp: now - 600 }), header)],
    ['a token under an unknown key', async () => signWith(await makeSigner('RS256'), claims(oldIssuer), header)],
    ['text', async () => 'text'],
  ])('%s', async (_name, make) => {
    const token = await make()
    expect(token).toEqual(expect.any(String))
    await expect(verify(token)).rejects.toThrow()
  })
})

test('the keys of the two servers differ', async () => {
  const keysAt = async (url: string) => (await (await fetch(url)).json()) as { keys: { kid: string }[] }
  const [one, other] = [await keysAt(`${oldIssuer}/jwks`), await keysAt(`${tessera.issuer}/pf/JWKS`)]
  expect(one.keys.length * other.keys.length).toBeGreaterThan(0)
  expect(one.keys.filter(({ kid }) => other.keys.some((key) => key.kid === kid))).toEqual([])
})
