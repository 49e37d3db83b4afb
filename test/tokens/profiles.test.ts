import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apply as planOnly } from '../../src/cli/apply.ts'
import { signingAlgorithms } from '../../src/oauth/algorithms.ts'
import { presets } from '../../src/tokens/presets.ts'
import { resolveProfile } from '../../src/tokens/profile.ts'
import { runCommand } from '../harness/command.ts'
import { SECRET } from '../harness/model.ts'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'

const credentials = `credentials: [{ secret: ${SECRET} }]`
const ALGORITHMS = signingAlgorithms.map(
  (alg) => `
  - { audience: "https://${alg.toLowerCase()}.example.com", token: { algorithm: ${alg} }, scopes: [{ name: "use:${alg}" }] }`,
)

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    manifest: `
apis:${ALGORITHMS.join('')}
  - audience: https://spring.example.com
    token: { preset: spring-security, lifetime: 60, claims: { tenant: acme, roles: [a, b] } }
    scopes: [{ name: spring }]
  - audience: https://overridden.example.com
    token: { preset: spring-security, algorithm: ES256 }
    scopes: [{ name: overridden }]
  - audience: https://scp.example.com
    token: { scope_claims: [scp] }
    scopes: [{ name: scp-a }, { name: scp-b }]
  - audience: https://both.example.com
    token: { scope_claims: [scope, scp], client_claims: { team: owner, labels: tags, centre: metadata.cost_centre, gone: metadata.nothing } }
    scopes: [{ name: both }]
  - audience: https://sealed.example.com
    token: { format: sealed, lifetime: 900, claims: { tenant: acme } }
    scopes: [{ name: sealed }]
clients:
  - client_id: everyone
    owner: data-platform
    tags: [x, y]
    metadata: { cost_centre: { id: 7 } }
    token: { claims: { tenant: other, extra: true } }
    scopes: [${signingAlgorithms.map((alg) => `"use:${alg}"`).join(', ')}, spring, overridden, scp-a, scp-b, both, sealed]
    ${credentials}
`,
  })
})
afterAll(() => server.stop())

async function issue(scope: string, more: Record<string, string> = {}) {
  const response = await server.token({ grant_type: 'client_credentials', scope, ...more }, basic('everyone', SECRET))
  return (await response.json()) as { access_token: string; scope: string; expires_in: number; error?: string }
}

test.each(signingAlgorithms)('an API chooses %s, and jose verifies it', async (algorithm) => {
  const { access_token } = await issue(`use:${algorithm}`)
  expect(decodeProtectedHeader(access_token)).toMatchObject({ alg: algorithm, typ: 'at+jwt' })
  await jwtVerify(access_token, createRemoteJWKSet(new URL(`${server.issuer}/pf/JWKS`)), {
    issuer: server.issuer,
    audience: `https://${algorithm.toLowerCase()}.example.com`,
    algorithms: [algorithm],
  })
})

test('every key in the key set has kid, use and alg, and no private member', async () => {
  const { keys } = (await (await fetch(`${server.issuer}/pf/JWKS`)).json()) as { keys: Record<string, string>[] }
  expect(keys.map(({ alg }) => alg).sort()).toEqual([...signingAlgorithms].sort())
  for (const key of keys) {
    expect(key).toMatchObject({ kid: expect.any(String), use: 'sig' })
    expect(Object.keys(key)).not.toContain('d')
  }
})

describe('the profile of an API', () => {
  test('a preset sets the fields that the API leaves out', async () => {
    const { access_token, expires_in } = await issue('spring')
    expect(decodeProtectedHeader(access_token)).toMatchObject({ alg: 'RS256', typ: 'JWT' })
    expect(expires_in).toBe(60)
  })

  test.each([
    ['rabbitmq', 'ES256', 'at+jwt'],
    ['dovecot', 'ES256', 'JWT'],
    ['opentelemetry', 'ES256', 'at+jwt'],
    ['go-oidc', 'ES256', 'at+jwt'],
    ['oauth2-proxy', 'RS256', 'at+jwt'],
  ] as const)('%s gets %s and %s', (preset, algorithm, typ) => {
    expect(resolveProfile({ preset })).toMatchObject({ format: 'jwt', algorithm, typ })
  })

  test('the API’s own settings override its preset', async () => {
    const { access_token } = await issue('overridden')
    expect(decodeProtectedHeader(access_token)).toMatchObject({ alg: 'ES256', typ: 'JWT' })
  })

  test('the API’s claims, overridden by the client’s', async () => {
    expect(decodeJwt((await issue('spring')).access_token)).toMatchObject({
      tenant: 'other',
      roles: ['a', 'b'],
      extra: true,
    })
  })

  test('scopes as an array in the token, and as a string in the response all the same', async () => {
    const { access_token, scope } = await issue('scp-a scp-b')
    expect(decodeJwt(access_token)).toMatchObject({ scp: ['scp-a', 'scp-b'] })
    expect(decodeJwt(access_token)).not.toHaveProperty('scope')
    expect(scope).toBe('scp-a scp-b')
  })

  test('scopes both ways, and claims from fields of the client', async () => {
    const claims = decodeJwt((await issue('both')).access_token)
    expect(claims).toMatchObject({
      scope: 'both',
      scp: ['both'],
      team: 'data-platform',
      labels: ['x', 'y'],
      centre: { id: 7 },
    })
    expect(claims).not.toHaveProperty('gone')
  })

  test('sealed tokens reveal nothing, and never look alike', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => issue('sealed')))
    for (const { access_token, expires_in } of tokens) {
      expect(access_token).toMatch(/^tsa_[A-Za-z0-9_-]{70,}[0-9A-Za-z]{6}$/)
      expect(Buffer.from(access_token.slice(4), 'base64url').toString('latin1')).not.toContain('everyone')
      expect(expires_in).toBe(900)
    }
    expect(new Set(tokens.map(({ access_token }) => access_token)).size).toBe(20)
  })

  test('APIs with different token profiles can’t share one token', async () => {
    expect(await issue('spring sealed')).toMatchObject({ error: 'invalid_target' })
    expect(await issue('use:ES256 use:RS256')).toMatchObject({ error: 'invalid_target' })
  })
})

describe('applying a profile', () => {
  const apply = async (api: string) => {
    const file = join(server.folder, 'profile.yaml')
    const manifest = `apis:\n  - audience: https://new.example.com\n    token: ${api}\n    scopes: [{ name: new }]\n`
    writeFileSync(file, manifest)
    const { stderr, error = '' } = await runCommand({ TESSERA_STORAGE: server.config.storage }, () =>
      planOnly({ file, dryRun: true }),
    )
    return { code: error === '' ? 0 : 1, stderr: (stderr + error).replaceAll(file, 'manifest') }
  }

  test.each([
    ['{ preset: spring-security, typ: at+jwt }', 'does not work with spring-security: it rejects `at+jwt`'],
    ['{ preset: aws-api-gateway, algorithm: ES256 }', 'does not work with aws-api-gateway: it knows only RSA'],
    ['{ preset: apache-mod-oauth2, algorithm: EdDSA }', 'does not work with apache-mod-oauth2'],
    ['{ preset: fastify-jwt-jwks, algorithm: PS256 }', 'does not work with fastify-jwt-jwks'],
    ['{ preset: rabbitmq, scope_claims: [scp] }', 'does not work with rabbitmq'],
    ['{ preset: rabbitmq, algorithm: EdDSA }', 'does not work with rabbitmq'],
    ['{ preset: envoy, format: sealed }', 'does not work with envoy'],
    ['{ preset: dovecot, typ: at+jwt }', 'does not work with dovecot: it refuses `at+jwt`'],
    ['{ preset: dovecot, algorithm: EdDSA }', 'does not work with dovecot: it knows no EdDSA'],
    ['{ preset: opentelemetry, format: sealed }', 'does not work with opentelemetry'],
    ['{ preset: go-oidc, format: sealed }', 'does not work with go-oidc'],
    ['{ preset: oauth2-proxy, format: sealed }', 'does not work with oauth2-proxy'],
  ])('%s warns', async (token, warning) => {
    const { code, stderr } = await apply(token)
    expect(code).toBe(0)
    expect(stderr).toContain(`warning: manifest:3:14: apis[0].token.preset: ${warning}`)
  })

  test.each(['{}', ...Object.keys(presets).map((name) => `{ preset: ${name} }`)])('%s does not warn', async (token) => {
    expect(await apply(token)).toMatchObject({ code: 0, stderr: '' })
  })

  test.each([
    ['{ preset: magic }', 'apis[0].token.preset: must be one of spring-security,'],
    ['{ claims: { sub: root } }', 'apis[0].token.claims.sub: is a claim that only the server sets'],
    ['{ claims: { scope: "edit delete" } }', 'apis[0].token.claims.scope: '],
    ['{ client_claims: { iss: owner } }', 'apis[0].token.client_claims.iss: '],
    [
      '{ client_claims: { x: secrets } }',
      'apis[0].token.client_claims.x: must be one of name, description, owner, tags',
    ],
    ['{ algorithm: HS256 }', 'apis[0].token.algorithm: '],
    ['{ algorithm: none }', 'apis[0].token.algorithm: '],
  ])('%s is refused', async (token, message) => {
    const { code, stderr } = await apply(token)
    expect(code).toBe(1)
    expect(stderr.replaceAll(/(:\d+):\d+: /g, '$1: ')).toContain(`manifest:3: ${message}`)
  })
})
