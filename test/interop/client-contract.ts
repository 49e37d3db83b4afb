import { describe, expect, test, vi } from 'vitest'
import type { ClientAuthMethodName } from '../../src/oauth/client-auth-methods.ts'
import { AUDIENCE, AWKWARD, GUIDE, verifiedClaims } from '../harness/library-setting.ts'
import type { TestServer } from '../harness/server.ts'

/** What a library is told to ask for. */
export interface Wanted {
  readonly clientId: string
  readonly secret: string
  readonly scope: string
}

/** One way in which a library gets a token. */
interface Way {
  readonly name: string
  /** By which the server must see the client authenticate. */
  readonly method: ClientAuthMethodName
  /** Resolves to the access token; rejects with whatever the library makes of a refusal. */
  readonly ask: (server: TestServer, wanted: Wanted) => Promise<string>
  /** The most awkward secret that can be sent this way: the whole one, unless there is a test of why not. */
  readonly secret?: string
}

interface Client {
  readonly server: () => TestServer
  readonly audience?: string
  readonly ways: readonly Way[]
  /** What the library rejects with, at the least, where the server answers with this status and error. */
  readonly surfaces: (status: 400 | 401, error: string) => object
}

/** The tests that every client library must pass, in each of its ways. */
export function testClient({ server, audience = AUDIENCE, ways, surfaces }: Client): void {
  describe.each(ways)('$name', ({ ask, method, secret = AWKWARD }) => {
    test.each([
      ['the client of the guide', GUIDE],
      [`a client whose secret is "${secret}"`, { clientId: 'awkward', secret, scope: 'edit' }],
    ])('gets a token for %s', async (_name, wanted) => {
      const claims = await verifiedClaims(server(), await ask(server(), wanted), audience)
      expect(claims).toMatchObject({ sub: wanted.clientId, client_id: wanted.clientId, scope: 'edit' })
      await vi.waitFor(async () => {
        const events = await server().audit()
        expect(events.find(({ requestId }) => requestId === claims.jti)?.detail).toMatchObject({ method })
      })
    })

    test.each([
      ['a wrong secret', { ...GUIDE, secret: '3Federate' }, 401, 'invalid_client'],
      ['a scope that the client does not have', { ...GUIDE, scope: 'read' }, 400, 'invalid_scope'],
    ] as const)('says so when %s is refused', async (_name, wanted, status, error) => {
      await expect(ask(server(), wanted)).rejects.toMatchObject(surfaces(status, error))
    })
  })
}
