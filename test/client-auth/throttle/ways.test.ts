import { createHmac, randomUUID } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ClientAuthMethodName, clientAuthMethodNames } from '../../../src/oauth/client-auth-methods.ts'
import { endpointPaths } from '../../../src/oauth/endpoints.ts'
import { formOf } from '../../harness/assertions.ts'
import { standingClock } from '../../harness/clock.ts'
import { newSecret, oneApi } from '../../harness/model.ts'
import { type Answer, postOver } from '../../harness/post.ts'
import { UNAUTHENTICATED, withoutRequestId } from '../../harness/refused.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { makeSigner, unsigned } from '../../harness/tokens.ts'

const RIGHT = 'Summer2026-payments-prod-client!'
const GENERATED = newSecret()
const ENDPOINTS = [endpointPaths.token[0], endpointPaths.introspection[0], endpointPaths.revocation[0]]

const clock = standingClock()
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
let server: TestServer
beforeAll(async () => {
  const { publicJwk } = await makeSigner('ES256')
  const jwks = JSON.stringify({ keys: [publicJwk] })
  server = await startTestServer({
    clock,
    options: { 'runtime.trusted_proxies': '127.0.0.1,::1' },
    manifest: `
${oneApi('edit')}
clients:
  - { client_id: chosen, scopes: [edit], introspects: all, credentials: [{ secret: "${RIGHT}", retrievable: true }] }
  - { client_id: generated, scopes: [edit], credentials: [{ secret: ${GENERATED}, retrievable: true }] }
  - { client_id: hashed, scopes: [edit], credentials: [{ secret: "${RIGHT}" }] }
  - { client_id: keys, scopes: [edit], credentials: [{ jwks: ${jwks} }] }
  - { client_id: disabled, enabled: false, scopes: [edit], credentials: [{ secret: "${RIGHT}", retrievable: true }] }
  - client_id: compatible
    scopes: [edit]
    assertion_audience: compatible
    credentials: [{ secret: "${RIGHT}", retrievable: true }]
`,
  })
})
afterAll(async () => {
  agent.destroy()
  await server.stop()
})

/** Every kind of client, and an unknown one. Nobody may tell them apart. */
const clients = ['chosen', 'generated', 'hashed', 'keys', 'disabled', 'compatible', 'nobody']

interface Presented {
  readonly form: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

function mac(id: string, secret: string, claims: object = {}): string {
  const exp = clock.seconds() + 60
  const all = { iss: id, sub: id, aud: server.issuer, jti: randomUUID(), exp, ...claims }
  const input = unsigned({ alg: 'HS256' }, all, '').slice(0, -1)
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

const presentMac = (id: string, secret: string, claims: object = {}): Presented => ({
  form: formOf(mac(id, secret, claims)),
})

/** Tries a secret by each method, or says why the method allows no guesses. */
const ways: Readonly<Record<ClientAuthMethodName, ((id: string, secret: string) => Presented) | string>> = {
  client_secret_basic: (id, secret) => ({ form: {}, headers: basic(id, secret) }),
  client_secret_post: (id, secret) => ({ form: { client_id: id, client_secret: secret } }),
  client_secret_jwt: presentMac,
  private_key_jwt: 'a signature, checked with public keys',
  tls_client_auth: 'a certificate, whose key TLS has proven',
  self_signed_tls_client_auth: 'a certificate, whose key TLS has proven',
  federated_jwt: 'a signature, checked with public keys',
}
const guessable = clientAuthMethodNames.flatMap((name) => {
  const present = ways[name]
  return typeof present === 'string' ? [] : [{ name, present }]
})

let addresses = 0
/** A fresh address. */
const newAddress = (): string => {
  addresses += 1
  return `198.51.${addresses >> 8}.${addresses & 255}`
}

const send = (
  { form, headers = {} }: Presented,
  from: string,
  path: string = endpointPaths.token[0],
): Promise<Answer> =>
  postOver(
    agent,
    server.issuer + path,
    { grant_type: 'client_credentials', token: 'x', ...form },
    { ...headers, 'x-forwarded-for': from },
  )

let guesses = 0
const guess = (): string => {
  guesses += 1
  return `Summer2026-payments-prod-guess-${guesses}`.padEnd(32, '!')
}

const wire = ({ requestId, ...answer }: Answer) => ({
  ...answer,
  body: answer.status < 400 ? answer.body : withoutRequestId(answer.body, requestId),
})
const WRONG = {
  status: 401,
  retryAfter: undefined,
  body: UNAUTHENTICATED,
}
const wait = (seconds: number) => ({
  status: 429,
  retryAfter: String(seconds),
  body: '{"error":"temporarily_unavailable","error_description":"Too many requests; try again later"}',
})

describe('guesses-by-every-way: guesses count together over all methods and endpoints', {
  timeout: 120_000,
}, () => {
  test.each(['chosen', 'nobody'])('at %s', async (id) => {
    const from = newAddress()
    // One guess by each method, and the rest by MAC, which costs no slow hash.
    for (let count = 0; count < 5; count += 1) {
      const { present } = guessable[count] ?? { present: presentMac }
      const answer = await send(present(id, guess()), from, ENDPOINTS[count % 3])
      expect(wire(answer)).toEqual(WRONG)
    }
    for (const path of ENDPOINTS) {
      for (const { present } of guessable) {
        expect(wire(await send(present(id, guess()), from, path))).toEqual(wait(1))
        expect(wire(await send(present(id, RIGHT), from, path))).toEqual(wait(1))
      }
    }
  })
})

test('guesses-by-every-way: guesses at an ambiguous client id count for the client that they are for', async () => {
  const from = newAddress()
  // Both readings, form-encoded and raw: `a b` and `a+b`.
  for (let count = 0; count < 2; count += 1)
    expect(wire(await send({ form: {}, headers: basic('a+b', guess()) }, from))).toEqual(WRONG)
  for (const id of ['a+b', 'a b']) {
    for (let count = 0; count < 3; count += 1) expect(wire(await send(presentMac(id, guess()), from))).toEqual(WRONG)
    expect(wire(await send(presentMac(id, guess()), from))).toEqual(wait(1))
  }
})

describe('guesses by MAC', () => {
  test.each(clients)('at %s: five are refused, and the sixth must wait, as with any other client', async (id) => {
    const from = newAddress()
    for (let count = 0; count < 5; count += 1) {
      expect(wire(await send(presentMac(id, guess()), from))).toEqual(WRONG)
    }
    const sixth = await send(presentMac(id, guess()), from)
    expect(wire(sixth)).toEqual(wait(1))
    expect(await server.audit(sixth.requestId)).toMatchObject([
      { reason: 'too_many_guesses', clientId: id, detail: { method: 'client_secret_jwt', by: 'client_at_address' } },
    ])
  })

  const beside: [string, object][] = [
    ['claims that are wrong for all clients', { exp: 1 }],
    // If these were refused before they count, the sixth answer would reveal which client allows the audience.
    [
      'claims that are right for some clients',
      {
        get aud() {
          return server.issuer + endpointPaths.token[0]
        },
      },
    ],
  ]
  test.each(beside)('with %s: guesses count for every client', async (_name, claims) => {
    for (const id of clients) {
      const from = newAddress()
      const given = () => presentMac(id, guess(), { ...claims })
      for (let count = 0; count < 5; count += 1) expect(wire(await send(given(), from))).toEqual(WRONG)
      expect(wire(await send(given(), from))).toEqual(wait(1))
    }
  })

  test.each(clients)('at %s: the same wrong assertion again is no new guess, also during a wait', async (id) => {
    const from = newAddress()
    const replayed = presentMac(id, guess())
    for (let count = 0; count < 20; count += 1) expect(wire(await send(replayed, from))).toEqual(WRONG)
    for (let count = 0; count < 4; count += 1) expect(wire(await send(presentMac(id, guess()), from))).toEqual(WRONG)
    expect(wire(await send(presentMac(id, guess()), from))).toEqual(wait(1))
    expect(wire(await send(replayed, from))).toEqual(WRONG)
  })

  test('five of a hundred at once are checked', async () => {
    const from = newAddress()
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, count) => send(presentMac('chosen', guess()), from, ENDPOINTS[count % 3])),
    )
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(95)
  })

  test('a hundred right ones at once don’t count', async () => {
    const from = newAddress()
    const answers = await Promise.all(Array.from({ length: 100 }, () => send(presentMac('chosen', RIGHT), from)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  })

  test('guesses never make a client wait that signs with a generated secret', async () => {
    const from = newAddress()
    for (let count = 0; count < 6; count += 1) await send(presentMac('generated', guess()), from)
    expect(wire(await send(presentMac('generated', guess()), from))).toEqual(wait(1))
    expect((await send(presentMac('generated', GENERATED), from)).status).toBe(200)
  })

  test('a client that has succeeded is unaffected by guesses from other addresses', async () => {
    const home = '203.0.113.1'
    expect((await send(presentMac('compatible', RIGHT), home)).status).toBe(200)
    for (let count = 0; count < 60; count += 1) await send(presentMac('compatible', guess()), newAddress())
    expect(wire(await send(presentMac('compatible', RIGHT), newAddress()))).toEqual(wait(1))
    expect((await send(presentMac('compatible', RIGHT), home)).status).toBe(200)
  })
})

/** The places that make or compare secrets and MACs, with the reason why nobody can guess there. */
const allowed: Readonly<Record<string, string>> = {
  'src/client-auth/guessable.ts': 'asks the limiter',
  'src/client-auth/secret.ts': 'compares only with generated secrets, which nobody can guess',
  'src/client-auth/secrets/verifier.ts': 'is called by guessable.ts',
  'src/model/credentials/secret-hash.ts': 'makes hashes, and compares them for manifests',
  'src/model/credentials/imported-hash.ts': 'is called by verifier.ts',
  'src/model/credentials/retrievable.ts': 'is called by guessable.ts',
  'src/management/credentials/rewrap.ts': 'encrypts again',
  'src/management/credentials/make.ts': 'hashes secrets that an administrator sets',
  'src/management/manifest/credentials.ts': 'compares secrets of an administrator with stored ones',
  'src/server/manifest/file-set.ts': 'identifies the files that this server reads',
  'src/management/credentials/lost-secrets.ts': 'checks whether a secret is readable',
  'src/crypto/jws/algorithms.ts': 'makes and compares MACs',
  'src/crypto/jws/verify.ts': 'is called by guessable.ts',
  'src/crypto/master-key.ts': 'names a key',
  'src/store/migrations/0008-ended-and-sample.ts': 'finds the secret that this project publishes',
  'src/administrators/accounts/passwords.ts': 'is called by sign-in.ts, which counts guesses',
  'src/administrators/accounts/totp.ts': 'is called by sign-in.ts, which counts guesses',
  'src/administrators/token.ts': 'compares texts, for totp.ts and for tokens of 256 bits',
  'src/audit/export/webhook.ts': 'signs what the server sends',
  'src/sender-constraint/nonce.ts': 'compares nonces, which every client gets',
}
const COMPARES =
  /\b(?:timingSafeEqual|createHmac|verifyHmac|verifyMac|retrieveSecret|scrypt|scryptDigest|matchesHash|matchesImported|findChosen|findRemembered|findGenerated)\b\(/

test('every comparison of a secret asks the limiter', () => {
  const files = globSync('src/**/*.ts')
    .sort()
    .filter((file) => COMPARES.test(readFileSync(file, 'utf8')))
  expect(files.filter((file) => !Object.hasOwn(allowed, file))).toEqual([])
  const callers = (pattern: RegExp) => files.filter((file) => pattern.test(readFileSync(file, 'utf8')))
  expect(callers(/\.(?:findChosen|findRemembered|markOf|markOfMac)\(/)).toEqual([
    'src/client-auth/guessable.ts',
    'src/client-auth/secrets/verifier.ts',
  ])
  expect(callers(/(?<!function )\bverifyHmac\(/)).toEqual(['src/client-auth/guessable.ts'])
})
