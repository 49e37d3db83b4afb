import { createPrivateKey, sign } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { claimsOf, formOf } from '../harness/assertions.ts'
import { standingClock } from '../harness/clock.ts'
import { fuzz } from '../harness/fuzz.ts'
import { oneApi, SECRET } from '../harness/model.ts'
import { anyText, mutated } from '../harness/mutations.ts'
import { startTestServer, type TestServer } from '../harness/server.ts'
import { encode, makeSigner, signWith } from '../harness/tokens.ts'
import { unheld } from '../harness/unheld.ts'

const USED = 'used up'
const ISSUER = 'https://auth.example.com'
/** The size limit of a body, less its other parameters. */
const LONGEST = 60_000

const clock = standingClock()
const own = await makeSigner('ES256')
const rsa = await makeSigner('RS256')
const jwks = (jwk: object) => `jwks: ${JSON.stringify({ keys: [jwk] })}`
const outside = 'issuer: "https://issuer.example.com", audience: a, subject: s, jwks_uri: "https://keys.example.com/"'

const claims = (clientId: string) => claimsOf(ISSUER, clientId, clock.seconds(), { jti: USED })
const seeds = [
  await signWith(own, claims('own'), { typ: 'JWT' }),
  await signWith(rsa, claims('rsa')),
  await signWith({ alg: 'HS256', privateKey: Buffer.from(SECRET) }, claims('sharing')),
  await signWith(own, { iss: 'https://issuer.example.com', sub: 's', aud: 'a', exp: clock.seconds() + 60 }),
  await signWith(own, { sub: 'spiffe://prod.example/a', aud: ['a'], exp: clock.seconds() + 60 }),
]

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    clock,
    options: { issuer: ISSUER },
    // No name has an address, so that nothing leaves the machine.
    lookup: async () => [],
    // The test causes thousands of refusals.
    holds: unheld,
    manifest: `
${oneApi('read')}
clients:
  - { client_id: own, scopes: [read], credentials: [{ ${jwks(own.publicJwk)} }] }
  - { client_id: rsa, scopes: [read], credentials: [{ ${jwks(rsa.publicJwk)} }] }
  - { client_id: sharing, scopes: [read], credentials: [{ secret: ${SECRET}, retrievable: true }] }
  - { client_id: outside, scopes: [read], credentials: [{ federated: { ${outside} } }] }
`,
  })
})
afterAll(() => server.stop())

// The issuer's name doesn't resolve to the server.
const send = (form: Record<string, string>): Promise<Response> =>
  fetch(`https://localhost:${server.config.runtime.port}/as/token.oauth2`, {
    method: 'POST',
    body: new URLSearchParams(form),
  })

async function expectRefused(form: Record<string, string>): Promise<void> {
  const response = await send(form)
  const answer = (await response.json()) as { error?: string; error_description?: string }
  const isExpected =
    (response.status === 401 && answer.error === 'invalid_client' && response.headers.has('www-authenticate')) ||
    (response.status === 400 && answer.error === 'invalid_request') ||
    // Each wrong MAC counts as a guess.
    (response.status === 429 && answer.error === 'temporarily_unavailable' && response.headers.has('retry-after'))
  const isWhole = typeof answer.error_description === 'string' && Object.keys(answer).length === 2
  const isKept = response.headers.get('cache-control') !== 'no-store'
  if (isExpected && isWhole && !isKept) return
  throw new Error(`${response.status} ${JSON.stringify(answer)} for ${JSON.stringify(form)}`)
}

const fits = (text: string): boolean => new URLSearchParams([['', text]]).toString().length < LONGEST

test('the assertion that all cases derive from is accepted once', async () => {
  const statuses = []
  for (const seed of seeds) statuses.push((await send(formOf(seed))).status)
  expect(statuses).toEqual([200, 200, 200, 401, 401])
})

describe('any other assertion is refused with 400, 401 or 429', () => {
  fuzz('a used assertion, changed', 0.12, mutated(seeds).filter(fits), (assertion) => expectRefused(formOf(assertion)))
  fuzz('text', 0.03, anyText.filter(fits), (assertion) => expectRefused(formOf(assertion)))

  const key = createPrivateKey({ key: { ...own.privateJwk }, format: 'jwk' })
  const member = (...likely: readonly unknown[]) =>
    fc.oneof(fc.constantFrom(...likely), fc.jsonValue({ maxDepth: 2 }), fc.double({ noNaN: true }))
  const anyClaims = fc.record(
    {
      iss: member('own', 'rsa', 'outside', 'https://issuer.example.com', '__proto__'),
      sub: member('own', 'rsa', 's', 'spiffe://prod.example/a', 'constructor'),
      aud: member(ISSUER, [ISSUER], 'a', []),
      exp: member(clock.seconds() + 60, 1e308, 0, -0, 2 ** 53),
      iat: member(clock.seconds(), -1e308),
      nbf: member(clock.seconds()),
      // A used `jti`, or an invalid one.
      jti: fc.constantFrom(USED, '', 1, null, [], {}),
    },
    { requiredKeys: [] },
  )
  const anyHeader = fc.record(
    {
      alg: member('ES256', 'ES256', 'RS256', 'HS256', 'EdDSA', 'none', 'toString'),
      kid: member('own', '../../etc/passwd', ''),
      typ: member('JWT', 'at+jwt', 'application/jwt', '/'),
      crit: member(['exp']),
      jwk: fc.constant(own.publicJwk),
    },
    { requiredKeys: ['alg'] },
  )
  const signed = fc.tuple(anyHeader, anyClaims).map((parts) => {
    const input = parts.map((part) => encode(JSON.stringify(part))).join('.')
    return `${input}.${encode(sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }))}`
  })
  const parameters = fc.record(
    {
      client_id: fc.constantFrom('own', 'outside', 'nobody', '__proto__', 'a b'),
      client_assertion_type: fc.oneof(fc.constant(''), fc.string({ maxLength: 40 })),
      client_secret: fc.string({ maxLength: 40 }),
    },
    { requiredKeys: [] },
  )
  fuzz('any claims under any header, signed with the right key', 0.12, signed, (assertion) =>
    expectRefused(formOf(assertion)),
  )
  fuzz(
    'any further parameters',
    0.05,
    fc.tuple(fc.oneof(signed, mutated(seeds).filter(fits)), parameters),
    ([assertion, more]) => expectRefused(formOf(assertion, more)),
  )
})
