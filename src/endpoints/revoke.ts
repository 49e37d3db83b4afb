import type { Endpoint, HttpResponse } from '../http/message.ts'
import { NEVER_STORED } from '../http/respond.ts'
import type { ChangeFeed } from '../model/changes/feed.ts'
import type { Revocations } from '../tokens/revocation/revocations.ts'
import { type Verifier, verifyToken } from '../tokens/verify.ts'
import { clientEndpoint, type PipelineContext } from './pipeline.ts'
import { refusal } from './refusals.ts'
import { requireToken } from './token-parameter.ts'

/** The parts of the server on which the revocation endpoint depends. */
export interface RevocationContext extends PipelineContext {
  readonly changes: Pick<ChangeFeed, 'catchUp'>
  readonly tokenVerifier: Verifier
  readonly revocations: Revocations
}

/** The same answer for a token revoked now, a token revoked before, and text that is no token (RFC 7009 §2.2). */
const DONE: HttpResponse = { status: 200, headers: NEVER_STORED, body: '' }

/** `POST /as/revoke_token.oauth2` (RFC 7009): a client revokes one of its tokens. */
export const revocationEndpoint = ({ changes, tokenVerifier, revocations, ...context }: RevocationContext): Endpoint =>
  clientEndpoint(context, {
    action: 'token.revoke',
    isRecorded: true,
    parse: (form) => ({ token: form.get('token') }),
    answer: async ({ client }, { parameters }) => {
      const token = requireToken(parameters.token)
      // Without this step, a token that is signed with a key new to this process would look foreign.
      await changes.catchUp()
      const verified = verifyToken(tokenVerifier, token)
      if (verified === undefined) return { response: DONE }
      const { client_id: owner, jti, exp } = verified.claims
      if (owner !== client.id) {
        return { response: DONE, refused: refusal('not_the_clients_token', { detail: { jti, owner } }) }
      }
      await revocations.revoke({ kind: 'token', id: jti, expiresAt: exp * 1000 })
      return { response: DONE, detail: { jti } }
    },
  })
