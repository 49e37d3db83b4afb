/** Real clients and verifiers, unmodified, against a real server: what their tests share. */

import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'
import { afterAll, beforeAll } from 'vitest'
import { startTestServer, type TestServer } from './server.ts'

/** The API of the guide's client. */
export const AUDIENCE = 'https://api.example.com'

/** The client of the guide, to the letter. */
export const GUIDE = { clientId: 'cc_client', secret: '2Federate', scope: 'edit' } as const

/** A secret with all that clients disagree on how to encode. */
export const AWKWARD = '50% +:é x'
/** The rest of it for clients that can't send the letter outside ASCII. */
export const AWKWARD_ASCII = '50% +: x'
/** The rest of it for a client that encodes the colon and nothing else. */
export const AWKWARD_WITHOUT_COLON = '50% + x'

/** The guide's client and one with the awkward secrets, at an API with one scope more than they have. */
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

/** Starts a server before the tests of a file and stops it after them; the function returned is for use within them. */
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

/** The claims of a token that jose, with the keys that the server publishes, finds good for `audience` (RFC 9068 §4). */
export async function verifiedClaims({ issuer }: TestServer, token: string, audience: string): Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL(`${issuer}/pf/JWKS`))
  const { payload } = await jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt', algorithms: ['ES256'] })
  return payload
}
