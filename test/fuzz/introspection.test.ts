import { isUtf8 } from 'node:buffer'
import { Agent, request as httpsRequest } from 'node:https'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasControl } from '../../src/platform/text.ts'
import { fuzz, fuzzMemory } from '../harness/fuzz.ts'
import { SECRET } from '../harness/model.ts'
import { anyText, mutated, WRAPPINGS } from '../harness/mutations.ts'
import { genuine as ofAnotherServer } from '../harness/ring.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'
import { nearJwt, nearSealed } from './forged.ts'

const credentials = `credentials: [{ secret: ${SECRET} }]`
const MODEL = `
apis:
  - { audience: "https://es.example.com", scopes: [{ name: es }] }
  - { audience: "https://rs.example.com", token: { algorithm: RS256, typ: JWT }, scopes: [{ name: rs }] }
  - { audience: "https://ed.example.com", token: { algorithm: EdDSA }, scopes: [{ name: ed }] }
  - { audience: "https://sealed.example.com", token: { format: sealed }, scopes: [{ name: sealed }] }
clients:
  - { client_id: caller, scopes: [es, rs, ed, sealed], ${credentials} }
  - { client_id: watcher, introspects: all, ${credentials} }
`
const SCOPES = ['es', 'rs', 'ed', 'sealed']

let server: TestServer
/** The server's tokens, filled before the first case is drawn. */
const genuine: string[] = []
const agent = new Agent({ keepAlive: true, maxSockets: 2 })

beforeAll(async () => {
  server = await startTestServer({ manifest: MODEL })
  for (const scope of SCOPES) genuine.push(await issue(scope))
})
afterAll(async () => {
  agent.destroy()
  await server.stop()
})

async function issue(scope: string): Promise<string> {
  const response = await server.token({ grant_type: 'client_credentials', scope }, basic('caller', SECRET))
  expect(response.status).toBe(200)
  return ((await response.json()) as { access_token: string }).access_token
}

interface Answer {
  readonly status: number
  readonly type: string | undefined
  readonly body: string
}

/** Uses kept-alive connections, because `fetch` takes three times as long. */
function introspect(body: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(`${server.issuer}/as/introspect.oauth2`, {
      agent,
      method: 'POST',
      headers: {
        ...basic('watcher', SECRET),
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(body),
      },
    })
    request.on('error', reject)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response
        resolve({ status, type: headers['content-type'], body: Buffer.concat(chunks).toString() })
      })
    })
    request.end(body)
  })
}

type Verdict = 'active' | 'inactive' | 'malformed'

/** The verdict of an answer. Any other answer is a defect. */
function verdictOf({ status, type, body }: Answer): Verdict {
  if (type === 'application/json;charset=UTF-8') {
    if (status === 200 && body === '{"active":false}') return 'inactive'
    const parsed = JSON.parse(body) as { active?: unknown; error?: unknown }
    if (status === 200 && parsed.active === true) return 'active'
    if (status === 400 && parsed.error === 'invalid_request') return 'malformed'
  }
  throw new Error(`${status} ${type} ${body.slice(0, 200)}`)
}

const form = (token: string): string => new URLSearchParams({ token, token_type_hint: 'access_token' }).toString()

async function expectVerdict(token: string): Promise<void> {
  const expected: Verdict =
    token === '' || hasControl(token) ? 'malformed' : genuine.includes(token) ? 'active' : 'inactive'
  const verdict = verdictOf(await introspect(form(token)))
  if (verdict !== expected) throw new Error(`${verdict}, not ${expected}: ${JSON.stringify(token)}`)
}

async function expectAllActive(): Promise<void> {
  for (const token of genuine) expect(verdictOf(await introspect(form(token)))).toBe('active')
}

/** A larger body is refused unread. */
const BODY_LIMIT = 64 * 1024

/** Drawn lazily, because the tokens exist only once the server runs. */
const changed = fc.constant(undefined).chain(() => mutated(genuine))
const anyToken = fc
  .oneof(
    anyText,
    nearJwt,
    nearSealed,
    fc.constantFrom(...ofAnotherServer.keys()),
    changed,
    // A genuine token, which must stay active among the others.
    fc.nat().map((at) => genuine[at % genuine.length] ?? ''),
  )
  .filter((token) => form(token).length <= BODY_LIMIT)

const percentEncoded = fc
  .uint8Array({ maxLength: 100 })
  .map((bytes) => [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''))

/** Bodies that no form encoder produces. */
const anyBody = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'token=',
        'token=',
        '&',
        '=',
        '%',
        '+',
        '%00',
        '%FF',
        '%u0041',
        ';',
        '\0',
        '\r\n',
        '{"token":"x"}',
      ),
      fc.constantFrom(
        '&token_type_hint=access_token',
        '&token=x',
        '&__proto__=1',
        '&token[]=x',
        '&resource=a&resource=b',
      ),
      percentEncoded,
      anyText.filter((text) => text.length < 4_000),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    ),
    { maxLength: 6 },
  )
  .map((parts) => Buffer.concat(parts.map((part) => Buffer.from(part))))

test('a token of ours is active', expectAllActive)

describe('any other token', () => {
  test('a token of ours with text around it', async () => {
    for (const token of genuine) {
      for (const wrapping of WRAPPINGS) {
        await expectVerdict(wrapping + token)
        await expectVerdict(token + wrapping)
      }
    }
  })

  fuzz('as a form', 0.04, anyToken, expectVerdict)

  fuzz('in a malformed form', 0.03, anyBody, async (body) => {
    const verdict = verdictOf(await introspect(body))
    if (verdict === 'active') throw new Error('active')
  })

  fuzz('in bytes after the name', 0.01, fc.uint8Array({ minLength: 1, maxLength: 400 }), async (bytes) => {
    const verdict = verdictOf(await introspect(Buffer.concat([Buffer.from('token='), bytes])))
    if (verdict === 'active' || (verdict === 'inactive' && !isUtf8(bytes))) throw new Error(verdict)
  })

  fuzzMemory('memory doesn’t grow', { share: 0.05, growth: 4 * 2 ** 20 }, anyToken, expectVerdict)
})

test('the tokens of ours are still active, and new ones, too', async () => {
  await expectAllActive()
  for (const scope of SCOPES) genuine.push(await issue(scope))
  await expectAllActive()
})
