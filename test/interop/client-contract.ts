import { describe, expect, test } from 'vitest'
import type { ClientAuthMethodName } from '../../src/oauth/client-auth-methods.ts'
import { eventually } from '../harness/eventually.ts'
import { AUDIENCE, AWKWARD, GUIDE, verifiedClaims } from '../harness/library-setting.ts'
import type { TestServer } from '../harness/server.ts'

/** The request that a library makes. */
export interface Wanted {
  readonly clientId: string
  readonly secret: string
  readonly scope: string
}

/** A way in which a library gets a token. */
interface Way {
  readonly name: string
  /** The method that the server must record. */
  readonly method: ClientAuthMethodName
  /** Resolves to the access token; rejects with the library's error. */
  readonly ask: (server: TestServer, wanted: Wanted) => Promise<string>
  /** The most awkward secret that this way can send. By default it is the complete one; a test shows each exception. */
  readonly secret?: string
}

interface Client {
  readonly server: () => TestServer
  readonly audience?: string
  readonly ways: readonly Way[]
  /** The least that the library's error has for this status and error. */
  readonly surfaces: (status: 400 | 401, error: string) => object
}

/** The tests that every client library must pass in each of its ways. */
export function testClient({ server, audience = AUDIENCE, ways, surfaces }: Client): void {
  describe.each(ways)('$name', ({ ask, method, secret = AWKWARD }) => {
    test.each([
      ['the client of the guide', GUIDE],
      [`a client whose secret is "${secret}"`, { clientId: 'awkward', secret, scope: 'edit' }],
    ])('gets a token for %s', async (_name, wanted) => {
      const claims = await verifiedClaims(server(), await ask(server(), wanted), audience)
      expect(claims).toMatchObject({ sub: wanted.clientId, client_id: wanted.clientId, scope: 'edit' })
      await eventually(async () => {
        const events = await server().audit()
        expect(events.find(({ requestId }) => requestId === claims.jti)?.detail).toMatchObject({ method })
      })
    })

    test.each([
      ['a wrong secret', { ...GUIDE, secret: '3Federate' }, 401, 'invalid_client'],
      ['a scope that the client does not have', { ...GUIDE, scope: 'read' }, 400, 'invalid_scope'],
    ] as const)('reports a refusal: %s', async (_name, wanted, status, error) => {
      await expect(ask(server(), wanted)).rejects.toMatchObject(surfaces(status, error))
    })
  })
}
