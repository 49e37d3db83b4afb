import { beforeEach, describe, expect, test } from 'vitest'
import type { FetchedDocument } from '../../../src/client-auth/remote-jwks/cached-document.ts'
import { Documents } from '../../../src/client-auth/remote-jwks/documents.ts'
import { FetchError } from '../../../src/client-auth/remote-jwks/fetch-error.ts'
import { Refusal } from '../../../src/oauth/refusal.ts'
import { standingClock } from '../../harness/clock.ts'

const SOURCE = 'https://keys.example/'
const LIFETIME = 600_000
const COOL_DOWN = 30_000
const DOWN = new FetchError('connect', SOURCE, 'no connection could be made')

let clock: ReturnType<typeof standingClock>
let load: () => Promise<FetchedDocument<string>>
let documents: Documents<string>
beforeEach(() => {
  clock = standingClock()
  load = async () => ({ content: 'a', lifetime: LIFETIME })
  documents = new Documents(clock, () => load())
})

const fail = (error: Error) => {
  load = () => Promise.reject(error)
}
const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('the counts', () => {
  test('tell the results of fetches apart', async () => {
    expect(documents.counts).toEqual({ fetches: new Map(), staleServed: 0, failing: 0 })
    await documents.get(SOURCE)
    fail(DOWN)
    await errorOf(documents.get('https://other.example/'))
    fail(new TypeError('x is not a function'))
    for (const other of ['1', '2']) await errorOf(documents.get(`https://other.example/${other}`))
    expect(documents.counts).toEqual({
      fetches: new Map([
        ['fetched', 1],
        ['connect', 1],
        ['unusable', 2],
      ]),
      staleServed: 0,
      failing: 3,
    })
  })

  test('have each use of an expired document', async () => {
    await documents.get(SOURCE)
    fail(DOWN)
    clock.advance(LIFETIME)
    for (let i = 0; i < 3; i += 1) expect(await documents.get(SOURCE)).toBe('a')
    expect(documents.counts).toMatchObject({ staleServed: 3, failing: 1 })
  })
})

describe('patience', () => {
  const over = Promise.resolve()

  test.each<[string, 'get' | 'renew']>([
    ['a document', 'get'],
    ['its renewal', 'renew'],
  ])('ends the wait for %s, and the fetch goes on', async (_name, ask) => {
    const arriving = Promise.withResolvers<FetchedDocument<string>>()
    load = () => arriving.promise
    const error = await errorOf(documents[ask](SOURCE, over))
    expect(error).toBeInstanceOf(Refusal)
    expect(error).toMatchObject({ reason: 'keys_unavailable', detail: { source: SOURCE, fault: 'timeout' } })
    expect(error).toMatchObject({
      detail: { message: 'the document did not arrive before the request had to be answered', url: SOURCE },
    })
    arriving.resolve({ content: 'late', lifetime: LIFETIME })
    expect(await documents.get(SOURCE)).toBe('late')
    expect(documents.counts.fetches).toEqual(new Map([['fetched', 1]]))
  })

  test('that is over makes a later failure of the fetch nobody’s', async () => {
    const arriving = Promise.withResolvers<FetchedDocument<string>>()
    load = () => arriving.promise
    await errorOf(documents.get(SOURCE, over))
    // An unhandled rejection would fail the test.
    arriving.reject(new TypeError('x is not a function'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(documents.counts.failing).toBe(1)
  })

  test('that lasts changes nothing', async () => {
    expect(await documents.get(SOURCE, new Promise(() => {}))).toBe('a')
  })
})

test('a fault is a refusal with its cause, also if the document is renewed', async () => {
  fail(DOWN)
  for (const ask of ['get', 'renew'] as const) {
    const error = await errorOf(documents[ask](SOURCE))
    expect(error).toMatchObject({ reason: 'keys_unavailable', cause: DOWN })
    clock.advance(COOL_DOWN)
  }
})

test('a defect is no refusal', async () => {
  const defect = new TypeError('x is not a function')
  fail(defect)
  for (const ask of ['get', 'renew'] as const) {
    expect(await errorOf(documents[ask](SOURCE))).toBe(defect)
    clock.advance(COOL_DOWN)
  }
})
