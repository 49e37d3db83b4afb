import { describe, expect, test } from 'vitest'
import { signingAlgorithms } from '../../src/oauth/algorithms.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { AUDIENCE, GUIDE, useServer } from '../harness/library-setting.ts'
import { basic, type TestServer } from '../harness/server.ts'

const HOUR_MS = 3600 * 1000

/** A way in which a library verifies a token. */
interface Way {
  readonly name: string
  /** Resolves to the claims; rejects with the library's error. */
  readonly verify: (server: TestServer, token: string, audience: string) => Promise<object>
}

interface Verifier {
  /** The API's token settings in a manifest: the library's preset if there is one. */
  readonly token?: string
  readonly ways: readonly Way[]
  /** The least that the library's errors have. */
  readonly refusals: Readonly<Record<'otherAudience' | 'forged' | 'expired', object>>
}

/** The guide's client and its API, and APIs that give the key set a key of every algorithm. */
const manifestWith = (token: string): string => `
apis:
  - { audience: "${AUDIENCE}", token: ${token}, scopes: [{ name: edit }, { name: read }] }
${signingAlgorithms.map((algorithm) => `  - { audience: "urn:${algorithm}", token: { algorithm: ${algorithm} } }`).join('\n')}
clients:
  - { client_id: ${GUIDE.clientId}, scopes: [edit], credentials: [{ secret: ${GUIDE.secret} }] }
`

/**
 * The tests that every library for APIs must pass in each of its ways. @returns a function that gets a token for
 * further ones
 */
export function testVerifier({ token = '{}', ways, refusals }: Verifier): {
  server: () => TestServer
  issue: () => Promise<string>
} {
  let behind = 0
  const clock: Clock = { ...systemClock, now: () => systemClock.now() - behind }
  const server = useServer({ manifest: manifestWith(token), clock })

  /** A token of the guide's client, which lives four hours. @param ago milliseconds since its issuance */
  async function issue(ago = 0): Promise<string> {
    behind = ago
    const form = { grant_type: 'client_credentials', scope: GUIDE.scope }
    const response = await server().token(form, basic(GUIDE.clientId, GUIDE.secret))
    behind = 0
    return ((await response.json()) as { access_token: string }).access_token
  }

  describe.each(ways)('$name', ({ verify }) => {
    test.each([
      ['just issued', 0],
      ['issued three hours ago', 3 * HOUR_MS],
    ])('accepts a token %s', async (_name, ago) => {
      const now = Math.floor(systemClock.now() / 1000)
      const claims = await verify(server(), await issue(ago), AUDIENCE)
      expect(claims).toEqual({
        iss: server().issuer,
        sub: GUIDE.clientId,
        aud: AUDIENCE,
        client_id: GUIDE.clientId,
        iat: expect.closeTo(now - ago / 1000, -1),
        exp: expect.closeTo(now - ago / 1000 + 14400, -1),
        jti: expect.any(String),
        scope: GUIDE.scope,
      })
    })

    test('wrong-audience: refuses a token at another API', async () => {
      const verifying = verify(server(), await issue(), 'https://vault.example.com')
      await expect(verifying).rejects.toMatchObject(refusals.otherAudience)
    })

    test.each([
      ['signature was', withOtherSignature],
      ['scope was', withMoreScope],
    ])('refuses a token whose %s was changed', async (_name, tamper) => {
      const verifying = verify(server(), tamper(await issue()), AUDIENCE)
      await expect(verifying).rejects.toMatchObject(refusals.forged)
    })

    test('refuses an expired token', async () => {
      const verifying = verify(server(), await issue(5 * HOUR_MS), AUDIENCE)
      await expect(verifying).rejects.toMatchObject(refusals.expired)
    })
  })

  return { server, issue: () => issue() }
}

function withOtherSignature(token: string): string {
  const [header, payload, signature = ''] = token.split('.')
  return `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
}

function withMoreScope(token: string): string {
  const [header, payload = '', signature] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
  const changed = Buffer.from(JSON.stringify({ ...claims, scope: 'edit read' })).toString('base64url')
  return `${header}.${changed}.${signature}`
}
