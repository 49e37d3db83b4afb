import type { ServerResponse } from 'node:http'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { IssuerKeys } from '../../../src/client-auth/remote-jwks/discovery.ts'
import { RemoteKeySets } from '../../../src/client-auth/remote-jwks/key-sets.ts'
import { Refusal } from '../../../src/oauth/refusal.ts'
import { IN_2030, standingClock } from '../../harness/clock.ts'
import {
  type Certificate,
  makeCertificate,
  newJwk,
  type Source,
  sendJson,
  startSource,
  testFetcher,
} from '../../harness/source.ts'

const SECOND = 1_000
const OIDC = '/.well-known/openid-configuration'
const OAUTH = '/.well-known/oauth-authorization-server'
const KEYS = { keys: [newJwk('a')] }

let certificate: Certificate
beforeAll(async () => {
  certificate = await makeCertificate()
})

type Page = (response: ServerResponse) => void
let pages: Record<string, Page>
let clock: ReturnType<typeof standingClock>
let source: Source
let keySets: RemoteKeySets
let issuerKeys: IssuerKeys
beforeEach(async () => {
  clock = standingClock(IN_2030)
  source = await startSource(certificate, (request, response) => {
    const page = pages[request.url ?? '']
    if (page === undefined) response.writeHead(404).end()
    else page(response)
  })
  pages = { '/jwks': json(KEYS) }
  const fetcher = testFetcher({ certificate })
  keySets = new RemoteKeySets(clock, fetcher)
  issuerKeys = new IssuerKeys(clock, fetcher, keySets)
})
afterEach(() => source.stop())

const json =
  (document: unknown): Page =>
  (response) =>
    sendJson(response, document, { 'cache-control': 'max-age=300' })
const metadata = (issuer: string, jwksUri = source.url('/jwks')) => json({ issuer, jwks_uri: jwksUri })
const issuerAt = (path: string) => source.url(path)
const kids = async (issuer: string, kid = 'a') => (await issuerKeys.keysFor(issuer, kid)).map((key) => key.kid)

async function refusalOf(work: Promise<unknown>): Promise<Refusal> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof Refusal) return error
  throw new Error('it was no Refusal', { cause: error })
}

describe('the metadata of an issuer', () => {
  const places: [string, string, string][] = [
    ['without a path', '', OIDC],
    ['with a final slash', '/', OIDC],
    ['with a path', '/realms/one', `/realms/one${OIDC}`],
    ['with a path and a final slash', '/realms/one/', `/realms/one${OIDC}`],
    ['without a path, as RFC 8414 has it', '', OAUTH],
    ['with a path, as RFC 8414 has it', '/realms/one', `${OAUTH}/realms/one`],
    ['with a path and a final slash, as RFC 8414 has it', '/realms/one/', `${OAUTH}/realms/one`],
  ]
  test.each(places)('%s', async (_name, path, place) => {
    const issuer = issuerAt(path)
    pages[place] = metadata(issuer)
    expect(await kids(issuer)).toEqual(['a'])
    expect(source.paths.slice(-2)).toEqual([place, '/jwks'])
  })

  const first: [string, Page][] = [
    ['HTML', (response) => response.end('<html>')],
    ['no metadata', json({ hello: 'world' })],
    ['a redirect to nowhere', (response) => response.writeHead(302).end()],
    ['503', (response) => response.writeHead(503).end()],
  ]
  test.each(first)('is found at RFC 8414’s path if the other one has %s', async (_name, page) => {
    const issuer = issuerAt('')
    pages[OIDC] = page
    pages[OAUTH] = metadata(issuer)
    expect(await kids(issuer)).toEqual(['a'])
  })

  test('is fetched once for all waiting requests, and cached as its headers say', async () => {
    const issuer = issuerAt('')
    pages[OIDC] = metadata(issuer)
    await Promise.all(Array.from({ length: 50 }, () => kids(issuer)))
    expect(source.paths).toEqual([OIDC, '/jwks'])
    clock.advance(300 * SECOND)
    await kids(issuer)
    expect(source.paths).toEqual([OIDC, '/jwks', OIDC, '/jwks'])
  })

  test('serves while it can’t be fetched', async () => {
    const issuer = issuerAt('')
    pages[OIDC] = metadata(issuer)
    await kids(issuer)
    pages = {}
    clock.advance(300 * SECOND)
    expect(await kids(issuer)).toEqual(['a'])
  })

  test('may name another URL for the keys later', async () => {
    const issuer = issuerAt('')
    pages[OIDC] = metadata(issuer)
    await kids(issuer)
    pages = { [OIDC]: metadata(issuer, source.url('/moved')), '/moved': json({ keys: [newJwk('b')] }) }
    clock.advance(300 * SECOND)
    expect(await kids(issuer, 'b')).toEqual(['b'])
  })

  test('isn’t fetched if the URL of the keys is registered', async () => {
    expect((await issuerKeys.keysFor('https://nowhere.example', 'a', source.url('/jwks'))).length).toBe(1)
    expect((await issuerKeys.renewedKeys('https://nowhere.example', source.url('/jwks'))).length).toBe(1)
    expect(source.paths).toEqual(['/jwks'])
  })
})

test('kid-storm: a storm of unknown kids costs one fetch for each cool-down', async () => {
  const issuer = issuerAt('')
  pages[OIDC] = metadata(issuer)
  await kids(issuer)
  clock.advance(30 * SECOND)
  await Promise.all(Array.from({ length: 100 }, (_, i) => kids(issuer, `storm ${i}`)))
  await kids(issuer, 'another')
  expect(source.paths).toEqual([OIDC, '/jwks', '/jwks'])
})

test('an issuer’s keys can be fetched again', async () => {
  const issuer = issuerAt('')
  pages[OIDC] = metadata(issuer)
  await kids(issuer)
  pages['/jwks'] = json({ keys: [newJwk('b')] })
  clock.advance(30 * SECOND)
  expect((await issuerKeys.renewedKeys(issuer)).map((key) => key.kid)).toEqual(['b'])
})

describe('an issuer is refused', () => {
  test.each([
    ['of another path', '/other'],
    ['with a slash more', '/'],
    ['in upper case', '/ISSUER'],
  ])('if its metadata names an issuer %s', async (_name, stated) => {
    const issuer = issuerAt(stated === '/' ? '' : '/issuer')
    const place = stated === '/' ? OIDC : `/issuer${OIDC}`
    pages[place] = metadata(issuerAt(stated))
    const { reason, status, detail } = await refusalOf(kids(issuer))
    expect({ reason, status }).toEqual({ reason: 'keys_unavailable', status: 401 })
    expect(detail).toEqual({
      source: issuer,
      url: source.url(place),
      fault: 'issuer_mismatch',
      message: `the metadata are of the issuer "${issuerAt(stated)}", not "${issuer}"`,
    })
    expect(source.paths).toEqual([place])
  })

  const places: [string, string, string][] = [
    ['over plain http', 'http://127.0.0.1/jwks', 'its jwks_uri must begin with https://'],
    ['in the cloud metadata', 'https://169.254.169.254/', 'cloud metadata'],
    ['at a private address', 'https://[::ffff:10.0.0.1]/', 'private'],
    ['at no URL', 'jwks', 'its jwks_uri must be an absolute URL'],
  ]
  test.each(places)('inward-fetch: if its keys are %s', async (_name, jwksUri, message) => {
    const issuer = issuerAt('')
    pages[OIDC] = metadata(issuer, jwksUri)
    const { detail } = await refusalOf(kids(issuer))
    expect(detail).toMatchObject({ fault: 'url_refused', message: expect.stringContaining(message) })
  })

  const unusable: [string, unknown][] = [
    ['null', null],
    ['an array', []],
    ['without jwks_uri', { issuer: 'x' }],
    ['with a jwks_uri that is no string', { issuer: 'x', jwks_uri: ['https://keys.example/'] }],
    ['without issuer', { jwks_uri: 'https://keys.example/' }],
  ]
  test.each(unusable)('if its metadata is %s', async (_name, document) => {
    pages[OIDC] = json(document)
    const { detail } = await refusalOf(kids(issuerAt('')))
    expect(detail).toMatchObject({
      fault: 'unusable',
      url: source.url(OIDC),
      message: 'the document is not issuer metadata with issuer and jwks_uri',
    })
  })

  test('if it has no metadata: the error names the first URL, and neither is tried again during the cool-down', async () => {
    const { detail } = await refusalOf(kids(issuerAt('')))
    expect(detail).toMatchObject({ fault: 'status', url: source.url(OIDC) })
    await refusalOf(kids(issuerAt('')))
    expect(source.paths).toEqual([OIDC, OAUTH])
  })

  test('if its metadata names a very long issuer, which the error cuts', async () => {
    pages[OIDC] = metadata(`https://${'a'.repeat(5_000)}.example`)
    const { detail } = await refusalOf(kids(issuerAt('')))
    expect(detail['message']).toMatch(/^the metadata are of the issuer "https:..a+$/)
    expect(detail['message']).toHaveLength(256)
  })

  test('with the error of the second URL if that is worse', async () => {
    pages[OAUTH] = metadata('https://another.example')
    const { detail } = await refusalOf(kids(issuerAt('')))
    expect(detail).toMatchObject({ fault: 'issuer_mismatch', url: source.url(OAUTH) })
  })

  test('inward-fetch: at a forbidden address, without any connection', async () => {
    const fetcher = testFetcher({ certificate, allowed: [] })
    issuerKeys = new IssuerKeys(clock, fetcher, new RemoteKeySets(clock, fetcher))
    const { detail } = await refusalOf(kids(issuerAt('')))
    expect(detail).toMatchObject({ fault: 'address_refused' })
    expect(source.connections()).toBe(0)
  })

  test.each([
    ['http://issuer.example', 'the issuer must begin with https://'],
    ['https://issuer.example/?a', 'the issuer must not have a query'],
    ['https://issuer.example/#a', 'the issuer must not have a fragment'],
    ['issuer', 'the issuer must be an absolute URL'],
  ])('if it is %s', async (issuer, message) => {
    const { detail } = await refusalOf(kids(issuer))
    expect(detail).toMatchObject({ source: issuer, fault: 'url_refused', message })
  })
})

test('the status lists the issuers', async () => {
  const issuer = issuerAt('')
  pages[OIDC] = metadata(issuer)
  await kids(issuer)
  expect(issuerKeys.status()).toEqual([
    {
      source: issuer,
      fetchedAt: clock.now(),
      expiresAt: clock.now() + 300 * SECOND,
      lastFault: undefined,
      jwksUri: source.url('/jwks'),
    },
  ])
  expect(issuerKeys.counts).toMatchObject({ fetches: new Map([['fetched', 1]]), failing: 0 })
})
