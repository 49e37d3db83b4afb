import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endpointPaths } from '../../../src/oauth/endpoints.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { openStore } from '../../../src/store/open.ts'
import { MODEL, newSecret, SECRET } from '../../harness/model.ts'
import { sendRaw } from '../../harness/raw.ts'
import { type Scrape, scrape } from '../../harness/scrape.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ manifest: MODEL, options: { 'shutdown.timeout': '0' } })
})
afterAll(() => server.stop())

const grant = { grant_type: 'client_credentials', scope: 'edit' }
const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(server.issuer + path, { method: 'POST', body: new URLSearchParams(form), headers })
const get = (path: string) => fetch(server.issuer + path)

/** Each series of a metric that grew, with its growth. */
function growth(name: string, before: Scrape, after: Scrape) {
  const grown = after.samples
    .filter((sample) => sample.name === name)
    .map(({ labels, value }) => ({ ...labels, by: value - (before.value(name, labels) ?? 0) }))
  return grown.filter(({ by }) => by !== 0)
}

interface Case {
  readonly send: () => Promise<unknown>
  /** Endpoint, status, error code. */
  readonly counted: readonly [string, string, string]
  readonly reason?: string
  /** Whether the request reached an endpoint. */
  readonly isTimed?: boolean
}

describe('a request is counted once, by endpoint, status and error code', () => {
  const cases: Readonly<Record<string, Case>> = {
    'a token': { send: () => server.token(grant, basic('reporter', SECRET)), counted: ['token', '200', 'none'] },
    'a wrong secret': {
      send: () => server.token(grant, basic('reporter', newSecret())),
      counted: ['token', '401', 'invalid_client'],
      reason: 'wrong_secret',
    },
    'an unknown client, with the same answer': {
      send: () => server.token(grant, basic('nobody', newSecret())),
      counted: ['token', '401', 'invalid_client'],
      reason: 'unknown_client',
    },
    'a forbidden scope': {
      send: () => server.token({ ...grant, scope: 'launch' }, basic('reporter', SECRET)),
      counted: ['token', '400', 'invalid_scope'],
      reason: 'scope_not_allowed',
    },
    'a forbidden introspection': {
      send: () => post(endpointPaths.introspection[0], { token: 'x' }, basic('reporter', SECRET)),
      counted: ['introspection', '403', 'unauthorized_client'],
      reason: 'introspection_not_allowed',
    },
    'a revocation': {
      send: () => post(endpointPaths.revocation[0], { token: 'x' }, basic('reporter', SECRET)),
      counted: ['revocation', '200', 'none'],
    },
    'the key set, at one path': { send: () => get('/pf/JWKS'), counted: ['keys', '200', 'none'] },
    'the key set, at the other': { send: () => get('/.well-known/jwks.json'), counted: ['keys', '200', 'none'] },
    'the key set, unchanged': {
      send: async () => {
        const etag = (await fetch(`${server.issuer}/pf/JWKS`)).headers.get('etag') ?? ''
        return fetch(`${server.issuer}/pf/JWKS`, { headers: { 'if-none-match': etag } })
      },
      counted: ['keys', '304', 'none'],
    },
    'the metadata': {
      send: () => get('/.well-known/openid-configuration'),
      counted: ['metadata', '200', 'none'],
    },
    'the heartbeat': { send: () => get('/pf/heartbeat.ping'), counted: ['other', '200', 'none'] },
    'an unknown path': {
      send: () => get('/as/token.oauth2/'),
      counted: ['other', '404', 'invalid_request'],
      reason: 'not_found',
      isTimed: false,
    },
    'a forbidden method': {
      send: () => get(endpointPaths.token[0]),
      counted: ['token', '405', 'invalid_request'],
      reason: 'method_not_allowed',
      isTimed: false,
    },
    'an oversized body': {
      send: () => server.token('x'.repeat(70_000)),
      counted: ['token', '413', 'invalid_request'],
      reason: 'body_too_large',
      isTimed: false,
    },
    'bytes that aren’t HTTP': {
      send: () => sendRaw(server.issuer, 'GARBAGE\r\n\r\n'),
      counted: ['other', '400', 'invalid_request'],
      reason: 'malformed_request',
      isTimed: false,
    },
  }
  test.each(Object.entries(cases))('%s', async (name, { send, counted, reason, isTimed = true }) => {
    const before = await scrape(server.admin)
    await send()
    const after = await scrape(server.admin)
    const [endpoint, status, error] = counted
    const requests = growth('tessera_requests_total', before, after)
    expect(requests).toContainEqual({ endpoint, status, error, by: 1 })
    // An extra request got the tag.
    expect(requests).toHaveLength(name === 'the key set, unchanged' ? 2 : 1)
    expect(growth('tessera_refusals_total', before, after)).toEqual(reason === undefined ? [] : [{ reason, by: 1 }])
    const timed = growth('tessera_request_duration_seconds_count', before, after)
    expect(timed).toEqual(isTimed ? [{ endpoint, by: requests.length }] : [])
    expect(growth('tessera_requests_in_flight', before, after)).toEqual([])
  })
})

test('no request adds a series, or has its content in one', async () => {
  const strange = (index: number) => `strange-${index}`
  const flood = async (from: number) => {
    for (let index = from; index < from + 20; index += 1) {
      const odd = strange(index)
      const requests = [
        server.token({ grant_type: odd, scope: odd, resource: `https://${odd}` }, basic(odd, newSecret())),
        fetch(`${server.issuer}/${odd}?${odd}`, { method: index % 2 === 0 ? 'GET' : 'PATCH', headers: { [odd]: odd } }),
        post(endpointPaths.introspection[0], { token: odd }, basic(odd, newSecret())),
      ]
      await Promise.all(requests)
    }
    return scrape(server.admin)
  }
  // The first flood adds the series of the existing reasons.
  const before = await flood(0)
  const after = await flood(100)
  expect(after.text).not.toContain('strange')
  const own = ({ samples }: Scrape) => samples.filter(({ name }) => name.startsWith('tessera_')).length
  expect(own(after)).toBe(own(before))
})

test('a request is in flight while its endpoint waits, and the monotonic clock times it', async () => {
  let elapsed = 0
  const clock = { now: systemClock.now, monotonic: () => elapsed }
  const entered = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  const other = await startTestServer({
    manifest: MODEL,
    options: { 'shutdown.timeout': '0' },
    clock,
    open: async (...args: Parameters<typeof openStore>) => {
      const store = await openStore(...args)
      const load = store.directory.loadClient.bind(store.directory)
      store.directory.loadClient = async (id) => {
        entered.resolve()
        await held.promise
        return load(id)
      }
      return store
    },
  })
  const answer = other.token(grant, basic('reporter', SECRET))
  await entered.promise
  const during = await scrape(other.admin)
  expect(during.value('tessera_requests_in_flight', { endpoint: 'token' })).toBe(1)
  expect(during.value('tessera_requests_total', { endpoint: 'token' })).toBeUndefined()
  elapsed += 30
  held.resolve()
  expect((await answer).status).toBe(200)
  const after = await scrape(other.admin)
  expect(after.value('tessera_requests_in_flight', { endpoint: 'token' })).toBe(0)
  const bucket = (le: string) => after.value('tessera_request_duration_seconds_bucket', { endpoint: 'token', le })
  expect([bucket('0.025'), bucket('0.05'), bucket('5'), bucket('+Inf')]).toEqual([0, 1, 1, 1])
  expect(after.value('tessera_request_duration_seconds_sum', { endpoint: 'token' })).toBeCloseTo(0.03)
  await other.stop()
})
