import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
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
const A = newJwk('a')
const B = newJwk('b')
/** An encryption key, which can't verify. */
const C = { ...newJwk('c'), use: 'enc' }

let certificate: Certificate
beforeAll(async () => {
  certificate = await makeCertificate()
})

let published: unknown
let headers: Record<string, string>
let isDown: boolean
let clock: ReturnType<typeof standingClock>
let source: Source
let keySets: RemoteKeySets
beforeEach(async () => {
  published = { keys: [A, C] }
  headers = { 'cache-control': 'max-age=300' }
  isDown = false
  clock = standingClock(IN_2030)
  source = await startSource(certificate, (_request, response) =>
    isDown ? response.writeHead(503).end() : sendJson(response, published, headers),
  )
  keySets = new RemoteKeySets(clock, testFetcher({ certificate }))
})
afterEach(() => source.stop())

const kids = async (kid?: string, url = source.url('/jwks')) => (await keySets.keysFor(url, kid)).map((key) => key.kid)

async function refusalOf(work: Promise<unknown>): Promise<Refusal> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof Refusal) return error
  throw new Error('it was no Refusal', { cause: error })
}

describe('a key set', () => {
  test('has only the usable keys', async () => {
    expect(await kids('a')).toEqual(['a'])
    expect(await kids()).toEqual(['a'])
  })

  test('is fetched once for all waiting requests', async () => {
    const all = await Promise.all(Array.from({ length: 100 }, (_, i) => kids(i % 2 === 0 ? 'a' : undefined)))
    expect(all).toEqual(all.map(() => ['a']))
    expect(source.connections()).toBe(1)
  })

  test('is cached as long as its headers say', async () => {
    await kids('a')
    clock.advance(239 * SECOND)
    await kids('a')
    expect(source.connections()).toBe(1)
    published = { keys: [B] }
    clock.advance(61 * SECOND)
    expect(await kids('b')).toEqual(['b'])
    expect(source.connections()).toBe(2)
  })

  test('is not asked for anew for any of its keys', async () => {
    published = { keys: [A, B] }
    await kids()
    clock.advance(30 * SECOND)
    for (const kid of ['a', 'b']) expect(await kids(kid)).toEqual(['a', 'b'])
    expect(source.connections()).toBe(1)
  })

  test('has no key after its source removed them all', async () => {
    await kids('a')
    published = { keys: [] }
    clock.advance(300 * SECOND)
    expect(await kids('a')).toEqual([])
  })

  test('belongs to one URL', async () => {
    await kids('a', source.url('/1'))
    await kids('a', source.url('/2'))
    expect(source.paths).toEqual(['/1', '/2'])
  })

  test.each([
    ['is down', () => (isDown = true)],
    ['answers without a key set', () => (published = { error: 'maintenance' })],
    ['answers with a single key', () => (published = A)],
  ])('is served while its source %s', async (_name, fail) => {
    await kids('a')
    fail()
    clock.advance(300 * SECOND)
    expect(await kids('a')).toEqual(['a'])
    clock.advance(23 * 3_600 * SECOND)
    expect(await kids('a')).toEqual(['a'])
    clock.advance(3_600 * SECOND)
    expect(await refusalOf(kids('a'))).toMatchObject({ reason: 'keys_unavailable' })
  })
})

describe('kid-storm: an unknown kid', () => {
  test('makes the source be asked again after the cool-down, which finds a new key', async () => {
    await kids('a')
    published = { keys: [A, B] }
    expect(await kids('b')).toEqual(['a'])
    clock.advance(30 * SECOND)
    expect(await kids('b')).toEqual(['a', 'b'])
    expect(source.connections()).toBe(2)
  })

  test('costs one fetch in each cool-down during a storm, and known kids cost none', async () => {
    await kids('a')
    for (let round = 1; round <= 3; round += 1) {
      clock.advance(30 * SECOND)
      for (let wave = 0; wave < 3; wave += 1) {
        await Promise.all(Array.from({ length: 100 }, (_, i) => kids(`storm ${round} ${wave} ${i}`)))
        clock.advance(1)
      }
      expect(source.connections()).toBe(1 + round)
    }
    await kids('a')
    expect(source.connections()).toBe(4)
  })

  test('costs fewer fetches while the source is down', async () => {
    await kids('a')
    isDown = true
    for (let passed = 0; passed < 200; passed += 1) {
      clock.advance(SECOND)
      expect(await kids(`storm ${passed}`)).toEqual(['a'])
    }
    // The pauses grow: 30, 60 and 120 seconds.
    expect(source.connections()).toBe(4)
  })

  test('differs from a missing kid', async () => {
    await kids()
    clock.advance(30 * SECOND)
    await kids()
    expect(source.connections()).toBe(1)
  })
})

test('keys without a kid that no longer verify are fetched again, once in a cool-down', async () => {
  published = { keys: [newJwk()] }
  const keys = await keySets.keysFor(source.url(), undefined)
  published = { keys: [newJwk()] }
  expect(await keySets.renewedKeys(source.url())).toBe(keys)
  clock.advance(30 * SECOND)
  const [renewed] = await keySets.renewedKeys(source.url())
  expect(renewed?.thumbprint).not.toBe(keys[0]?.thumbprint)
})

describe('a missing key set', () => {
  test('makes a refusal whose reason only the audit log has', async () => {
    isDown = true
    const error = await refusalOf(kids('a'))
    expect(error).toMatchObject({
      status: 401,
      code: 'invalid_client',
      description: 'Invalid client or client credentials',
    })
    expect(error.detail).toEqual({
      source: source.url('/jwks'),
      url: source.url('/jwks'),
      fault: 'status',
      message: 'the answer has status 503, not 200',
    })
  })

  test('isn’t fetched again during the cool-down', async () => {
    isDown = true
    await Promise.all(Array.from({ length: 50 }, () => refusalOf(kids('a'))))
    clock.advance(30 * SECOND - 1)
    await refusalOf(kids('a'))
    await refusalOf(kids('unknown'))
    expect(source.connections()).toBe(1)
    isDown = false
    clock.advance(1)
    expect(await kids('a')).toEqual(['a'])
  })

  test('inward-fetch: makes no connection to a forbidden address', async () => {
    keySets = new RemoteKeySets(clock, testFetcher({ certificate, allowed: [] }))
    const error = await refusalOf(kids('a'))
    expect(error).toMatchObject({ reason: 'keys_unavailable', detail: { fault: 'address_refused' } })
    expect(source.connections()).toBe(0)
  })

  const NO_SET = /^the document is not a key set: ./
  const unusable: [string, () => unknown, string, RegExp][] = [
    ['an array', () => [A], 'unusable', NO_SET],
    ['null', () => null, 'unusable', NO_SET],
    ['51 keys', () => ({ keys: Array.from({ length: 51 }, () => A) }), 'unusable', NO_SET],
    ['more than 256 KiB', () => ({ keys: [A], padding: 'a'.repeat(256 * 1024) }), 'too_large', /over 262144 bytes/],
  ]
  test.each(unusable)('is one that is %s', async (_name, document, fault, message) => {
    published = document()
    const { detail } = await refusalOf(kids('a'))
    expect(detail).toMatchObject({ fault, message: expect.stringMatching(message) })
  })

  test('messages for administrators are cut', async () => {
    const error = await refusalOf(kids('a', `https://127.0.0.1/${'a'.repeat(5_000)}`))
    expect(Object.values(error.detail).map((value) => String(value).length <= 256)).toEqual([true, true, true, true])
  })
})

test('at most 1,000 sets are kept, and the one unused for longest is dropped', async () => {
  keySets = new RemoteKeySets(clock, testFetcher({ allowed: [] }))
  const url = (i: number) => `https://127.0.0.1/${i}`
  for (let i = 0; i < 1_001; i += 1) await refusalOf(kids('a', url(i)))
  const kept = keySets.status().map((each) => each.source)
  expect(kept).toHaveLength(1_000)
  expect(kept).not.toContain(url(0))
  expect(kept).toContain(url(1_000))
})

test('the status lists every source, and the unusable keys', async () => {
  await kids('a')
  isDown = true
  await refusalOf(kids('a', source.url('/other')))
  expect(keySets.status()).toEqual(
    expect.arrayContaining([
      {
        source: source.url('/jwks'),
        fetchedAt: clock.now(),
        expiresAt: clock.now() + 300 * SECOND,
        lastFault: undefined,
        keys: 1,
        ignored: [expect.stringContaining('keys[1]')],
      },
      {
        source: source.url('/other'),
        fetchedAt: undefined,
        expiresAt: undefined,
        lastFault: { fault: 'status', message: 'the answer has status 503, not 200', at: clock.now() },
        keys: 0,
        ignored: [],
      },
    ]),
  )
  expect(keySets.counts).toMatchObject({
    fetches: new Map([
      ['fetched', 1],
      ['status', 1],
    ]),
    failing: 1,
  })
})
