import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JsonFetcher } from '../../src/client-auth/remote-jwks/fetch-json.ts'
import { RemoteKeySets } from '../../src/client-auth/remote-jwks/key-sets.ts'
import { Refusal } from '../../src/oauth/refusal.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { cpuOf, expectCheap } from '../harness/cpu.ts'
import { ecKeys } from '../harness/der.ts'
import { makeCertificate, testFetcher } from '../harness/source.ts'
import { fill, jsonValues } from './shapes.ts'
import type { SourceData } from './source-thread.ts'

// largest-inputs: documents that others publish, such as key sets.

/** Bytes of a document. */
const DOCUMENT = 256 * 1024
const jwk = ecKeys('P-521').publicKey.export({ format: 'jwk' })
const keySet = JSON.stringify({ keys: Array.from({ length: 50 }, (_, index) => ({ ...jwk, kid: String(index) })) })

const plain = (...pieces: readonly string[]) => ({ status: 200, headers: {}, pieces })
const answers: SourceData['answers'] = {
  ...Object.fromEntries(
    Object.entries(jsonValues(DOCUMENT - 20)).map(([shape, json]) => [`/${shape}`, plain(`{"keys":[${json}]}`)]),
  ),
  '/the largest set of keys': plain(keySet.slice(0, -1), ' '.repeat(DOCUMENT - keySet.length), '}'),
  '/an endless document': plain(...Array.from({ length: 100 }, () => ' '.repeat(10_000))),
  '/chunks of one byte': plain(...' '.repeat(5_000)),
  '/a redirect to dots': { status: 302, headers: { location: fill(15_000, '/a/..') }, pieces: [] },
  '/a redirect to text that isn’t a URL': {
    status: 302,
    headers: { location: `https://[${fill(15_000, ':')}]` },
    pieces: [],
  },
  '/endless directives': {
    status: 200,
    headers: { 'cache-control': fill(15_000, 'max-age=1,') },
    pieces: ['{"keys":[]}'],
  },
  '/an invalid date': { status: 200, headers: { expires: '('.repeat(15_000) }, pieces: ['{"keys":[]}'] },
}

let source: Worker
let fetcher: JsonFetcher
let port = 0
/** Milliseconds of CPU that any fetch takes. */
let anyway = 0

const fetch = (path: string): Promise<unknown> =>
  new RemoteKeySets(systemClock, fetcher)
    .keysFor(`https://127.0.0.1:${port}${encodeURI(path)}`, undefined)
    .catch((error: unknown) => {
      if (!(error instanceof Refusal && error.reason === 'keys_unavailable')) throw error
      return error.detail
    })

beforeAll(async () => {
  const certificate = await makeCertificate('localhost')
  const data: SourceData = { certificate, answers }
  source = new Worker(new URL('./source-thread.ts', import.meta.url), { workerData: data })
  ;[port] = await once(source, 'message')
  fetcher = testFetcher({ certificate })
  anyway = await cpuOf(() => fetch('/nothing'))
})
afterAll(() => source.terminate())

test.each(Object.keys(answers))('largest-inputs: a document: %s', (path) => expectCheap(() => fetch(path), anyway))

test('the largest set is read, and a larger one is not', async () => {
  expect(await fetch('/the largest set of keys')).toHaveLength(50)
  const fault = (path: string) => fetch(path)
  expect(await fault('/an endless document')).toMatchObject({ fault: 'too_large' })
  expect(await fault('/chunks of one byte')).toMatchObject({ message: 'the document comes in over 400 pieces' })
  expect(await fault('/nested arrays')).toMatchObject({
    message: 'the document has over 32 levels of arrays and objects',
  })
  expect(await fault('/members')).toMatchObject({ message: 'the document has over 4096 values' })
})
