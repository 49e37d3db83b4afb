/** Setting for unmodified clients and verifiers against a real server. */

import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'
import { afterAll, beforeAll } from 'vitest'
import { startTestServer, type TestServer } from './server.ts'

/** The API in the guide's example. */
export const AUDIENCE = 'https://api.example.com'

/** The client of the guide, verbatim. */
export const GUIDE = { clientId: 'cc_client', secret: '2Federate', scope: 'edit' } as const

/** A secret with every character that clients encode differently. */
export const AWKWARD = '50% +:é x'
/** The same for clients that can't send non-ASCII characters. */
export const AWKWARD_ASCII = '50% +: x'
/** The same for a client that encodes only the colon. */
export const AWKWARD_WITHOUT_COLON = '50% + x'

/** The guide's client and one with the awkward secrets. The API has one scope more than the clients. */
export const manifestFor = (audience: string): string => `
apis:
  - audience: ${audience}
    scopes: [{ name: edit }, { name: read }]
clients:
  - { client_id: ${GUIDE.clientId}, scopes: [edit], credentials: [{ secret: ${GUIDE.secret} }] }
  - client_id: awkward
    scopes: [edit]
    credentials:
      - { label: whole, secret: "${AWKWARD}" }
      - { label: ascii, secret: "${AWKWARD_ASCII}" }
      - { label: without colon, secret: "${AWKWARD_WITHOUT_COLON}" }
`

/**
 * Starts a server before the tests of a file and stops it after them. The returned function gives the server within
 * tests.
 */
export function useServer(options: Parameters<typeof startTestServer>[0]): () => TestServer {
  let server: TestServer | undefined
  beforeAll(async () => {
    server = await startTestServer(options)
  })
  afterAll(() => server?.stop())
  return () => {
    if (server === undefined) throw new Error('the server runs only while tests do')
    return server
  }
}

/** Verifies a token with jose and the server's published keys (RFC 9068 §4). @returns its claims */
export async function verifiedClaims({ issuer }: TestServer, token: string, audience: string): Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL(`${issuer}/pf/JWKS`))
  const { payload } = await jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt', algorithms: ['ES256'] })
  return payload
}
