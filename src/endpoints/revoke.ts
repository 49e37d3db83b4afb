import { type AuthenticatedClient, type Authentication, authenticateClient } from '../client-auth/authenticate.ts'
import type { Endpoint, HttpResponse } from '../http/message.ts'
import { asRefusal } from '../http/respond.ts'
import type { ChangeFeed } from '../model/changes/feed.ts'
import type { Revocations } from '../tokens/revocation/revocations.ts'
import { type Verifier, verifyToken } from '../tokens/verify.ts'
import { parseClientRequest, tokenParameter } from './client-request.ts'
import { type Recording, recordRefusal, recordSuccess } from './record.ts'
import { refusal } from './refusals.ts'

/** What the revocation endpoint needs of the process. */
export interface RevocationServices {
  readonly authenticator: Authentication
  readonly changes: Pick<ChangeFeed, 'catchUp'>
  readonly verifier: Verifier
  readonly revocations: Revocations
  readonly recording: Recording
}

/** RFC 7009 §2.2: the same for a token that was revoked now, before, or never was one. */
const DONE: HttpResponse = { status: 200, headers: { 'Cache-Control': 'no-store', Pragma: 'no-cache' }, body: '' }

/** `POST /as/revoke_token.oauth2` (RFC 7009): a client ends a token of its own. */
export function revocationEndpoint(services: RevocationServices): Endpoint {
  const { authenticator, changes, verifier, revocations, recording } = services
  return async (http) => {
    let client: AuthenticatedClient | undefined
    try {
      if (recording.audit.isFull) throw refusal('audit_full')
      const request = parseClientRequest(http)
      client = await authenticateClient(authenticator, request)
      const token = tokenParameter(request.form)
      // Otherwise a token signed with a key that this process does not know yet would look foreign.
      await changes.catchUp()
      const verified = verifyToken(verifier, token)
      if (verified === undefined) return DONE
      const { client_id: owner, jti, exp } = verified.claims
      if (owner !== client.client.id) {
        recordRefusal(
          recording,
          http,
          'token.revoke',
          client,
          refusal('not_the_clients_token', { detail: { jti, owner } }),
        )
        return DONE
      }
      await revocations.revoke({ kind: 'token', id: jti, expiresAt: exp * 1000 })
      recordSuccess(recording, http, 'token.revoke', client, { jti })
      return DONE
    } catch (error) {
      recordRefusal(recording, http, 'token.revoke', client, asRefusal(error))
      throw error
    }
  }
}
