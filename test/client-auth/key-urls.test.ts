import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { claimsOf, expectToken, expectUnauthenticated, formOf } from '../harness/assertions.ts'
import { standingClock } from '../harness/clock.ts'
import { oneApi } from '../harness/model.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { makeCertificate, type Source, sendJson, startSource } from '../harness/source.ts'
import { makeSigner, type Signer, signWith } from '../harness/tokens.ts'
import { unheld } from '../harness/unheld.ts'

const SECOND = 1_000
const HOUR = 3_600 * SECOND

const clock = standingClock()
const API = oneApi('read')
const before = await makeSigner('ES256', { kid: 'before' })
const after = await makeSigner('ES256', { kid: 'after' })
const nameless = await makeSigner('ES256')
const successor = await makeSigner('ES256')
const rsa = await makeSigner('RS256', { kid: 'rsa' })

/** The published keys of each path. Other paths answer 500. */
const published = new Map<string, readonly Signer[]>()
/** The addresses of names. All other names resolve to loopback. */
const addresses = new Map<string, string>()

let folder: string
let source: Source
let server: TestServer
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-key-urls-'))
  const certificate = await makeCertificate('keys.example.com', 'rebinds.example.com')
  const ca = join(folder, 'ca.pem')
  writeFileSync(ca, certificate.cert)
  source = await startSource(certificate, ({ url = '' }, response) => {
    const keys = published.get(url)
    if (url.startsWith('/to/')) response.writeHead(302, { location: `https://[::1]:${source.port}/` }).end()
    else if (keys === undefined) response.writeHead(500).end()
    else sendJson(response, { keys: keys.map(({ publicJwk }) => publicJwk) })
  })
  server = await startTestServer({
    manifest: API,
    clock,
    holds: unheld,
    options: { 'outbound.allow': '127.0.0.1', 'outbound.ca': ca },
    lookup: async (host) => [{ address: addresses.get(host) ?? '127.0.0.2', family: 4 }],
  })
})
afterAll(async () => {
  await server.stop()
  await source.stop()
  rmSync(folder, { recursive: true })
})

let clients = 0
let client: string
let path: string
beforeEach(() => {
  clients += 1
  client = `client-${clients}`
  path = `/${client}.json`
})

/** Registers a client with its keys at a URL. */
const register = (url: string, more = '') =>
  server.apply(`
clients: [{ client_id: ${client}, scopes: [read], credentials: [{ jwks_uri: "${url}"${more} }] }]
`)

const publish = (...keys: readonly Signer[]) => published.set(path, keys)
const fetches = () => source.paths.filter((asked) => asked === path).length

async function ask(by: Signer, header: object = {}): Promise<Response> {
  const kid = by.publicJwk.kid === undefined ? {} : { kid: by.publicJwk.kid }
  const claims = claimsOf(server.issuer, client, clock.seconds())
  return server.token(formOf(await signWith(by, claims, { ...kid, ...header })))
}

const accepted = async (by: Signer) => expectToken(server, await ask(by), client, 'private_key_jwt')
const refused = async (by: Signer, reason: string, detail: object = {}, header: object = {}) =>
  expectUnauthenticated(server, await ask(by, header), { reason, clientId: client, detail })

describe('keys by URL', () => {
  test('are fetched once, and rotate without an outage', async () => {
    publish(before)
    await register(source.url(path))
    await accepted(before)
    await accepted(before)
    expect(fetches()).toBe(1)
    // A careful client publishes the new key, then uses it, and then removes the old one.
    publish(before, after)
    clock.advance(31 * SECOND)
    await accepted(after)
    await accepted(before)
    publish(after)
    await accepted(after)
    await accepted(before)
    expect(fetches()).toBe(2)
    clock.advance(HOUR)
    await refused(before, 'assertion_key', { received: { kid: 'before' }, expected: { keys: [{ kid: 'after' }] } })
    await accepted(after)
  })

  test('rotate without an outage even without a kid', async () => {
    publish(nameless)
    await register(source.url(path))
    await accepted(nameless)
    publish(successor)
    clock.advance(31 * SECOND)
    await accepted(successor)
    await refused(nameless, 'assertion_signature')
  })

  test('kid-storm: a storm of unknown kids costs one fetch in each cool-down', async () => {
    publish(before)
    await register(source.url(path))
    await accepted(before)
    clock.advance(31 * SECOND)
    const storm = () =>
      Promise.all(Array.from({ length: 40 }, (_, count) => ask(after, { kid: `kid-${clock.now()}-${count}` })))
    expect(new Set((await storm()).map(({ status }) => status))).toEqual(new Set([401]))
    expect(fetches()).toBe(2)
    await storm()
    expect(fetches()).toBe(2)
    await accepted(before)
    clock.advance(31 * SECOND)
    await storm()
    expect(fetches()).toBe(3)
  })

  test('serve for a day while their URL is down, and no longer', async () => {
    publish(before)
    await register(source.url(path))
    await accepted(before)
    published.delete(path)
    clock.advance(HOUR)
    await accepted(before)
    clock.advance(22 * HOUR)
    await accepted(before)
    clock.advance(2 * HOUR)
    await refused(before, 'keys_unavailable', { fault: 'status', url: source.url(path) })
    publish(before)
    clock.advance(301 * SECOND)
    await accepted(before)
  })

  test('are refused with an explanation if they were never fetched', async () => {
    await register(source.url(path))
    await refused(before, 'keys_unavailable', {
      method: 'private_key_jwt',
      source: source.url(path),
      fault: 'status',
      message: expect.stringContaining('500'),
    })
  })

  test('are used only with the registered algorithm', async () => {
    publish(before, rsa)
    await register(source.url(path), ', algorithm: RS256')
    await accepted(rsa)
    await refused(before, 'assertion_algorithm', { received: { alg: 'ES256' }, expected: { alg: 'RS256' } })
  })

  test('may stand beside inline keys, which work while the URL is down', async () => {
    const inline = JSON.stringify({ keys: [after.publicJwk] })
    await server.apply(`
clients:
  - client_id: ${client}
    scopes: [read]
    credentials: [{ label: url, jwks_uri: "${source.url(path)}" }, { label: inline, jwks: ${inline} }]
`)
    await accepted(after)
  })
})

describe('inward-fetch: places that keys are never fetched from', () => {
  const cases: [string, () => string, RegExp][] = [
    ['loopback', () => 'https://127.0.0.2/jwks', /127\.0\.0\.2 \(loopback, RFC 1122\)/],
    ['localhost', () => 'https://LOCALHOST./jwks', /localhost \(loopback/],
    ['loopback of IPv6', () => 'https://[::1]/jwks', /::1 \(loopback/],
    ['IPv4-mapped IPv6', () => 'https://[::ffff:127.0.0.2]/jwks', /loopback, RFC 1122/],
    ['cloud metadata', () => 'https://169.254.169.254/latest', /cloud metadata/],
    ['link-local', () => 'https://[fe80::1]/jwks', /link-local/],
    ['a private network', () => 'https://10.0.0.1/jwks', /private, RFC 1918/],
    ['an address written as a number', () => 'https://2130706434/jwks', /loopback, RFC 1122/],
    ['http', () => 'http://keys.example.com/jwks', /must begin with https:/],
    ['a user name', () => 'https://user@keys.example.com/jwks', /user name/],
  ]
  test.each(cases)('%s: refused at registration', async (_name, url, message) => {
    const manifest = `clients:
  - client_id: ${client}
    credentials:
      - label: keys
        jwks_uri: "${url()}"
`
    // `localhost` also resolves to 127.0.0.1, which this server allows.
    const rules = url().includes('LOCALHOST') ? unrelated : server
    const error = await rules.apply(manifest).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Error)
    const text = String((error as Error).message)
    expect(text).toMatch(/^test\.yaml:5:\d+: clients\[0\]\.credentials\[0\]\.jwks_uri: must /)
    expect(text).toMatch(message)
  })

  let unrelated: TestServer
  beforeAll(async () => {
    unrelated = await startTestServer()
  })
  afterAll(() => unrelated.stop())

  test('a name that resolves to loopback: 401, and nothing connects', async () => {
    publish(before)
    const connections = source.connections()
    const url = `https://keys.example.com:${source.port}${path}`
    await register(url)
    await refused(before, 'keys_unavailable', {
      source: url,
      fault: 'address_refused',
      message: expect.stringContaining('127.0.0.2 (loopback, RFC 1122)'),
    })
    expect(source.connections()).toBe(connections)
    addresses.set('keys.example.com', '127.0.0.1')
    clock.advance(31 * SECOND)
    await accepted(before)
  })

  test('a name that rebinds: the fetched keys stay in use, and nothing connects', async () => {
    publish(before)
    const url = `https://rebinds.example.com:${source.port}${path}`
    addresses.set('rebinds.example.com', '127.0.0.1')
    await register(url)
    await accepted(before)
    addresses.set('rebinds.example.com', '169.254.169.254')
    const connections = source.connections()
    clock.advance(31 * SECOND)
    await refused(after, 'assertion_key')
    await accepted(before)
    clock.advance(25 * HOUR)
    await refused(before, 'keys_unavailable', {
      fault: 'address_refused',
      message: expect.stringContaining('metadata'),
    })
    expect(source.connections()).toBe(connections)
  })

  test('a redirect to loopback: 401', async () => {
    await register(source.url(`/to${path}`))
    await refused(before, 'keys_unavailable', {
      source: source.url(`/to${path}`),
      url: `https://[::1]:${source.port}/`,
      fault: 'address_refused',
    })
  })
})
