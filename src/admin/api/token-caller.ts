import { hash } from 'node:crypto'
import type { HttpRequest } from '../../http/message.ts'
import { ADMIN_AUDIENCE, permissionsOf } from '../../management/authority/admin-api.ts'
import type { Directory } from '../../model/directory/directory.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { Refusal } from '../../oauth/refusal.ts'
import { checkDpopProof } from '../../sender-constraint/dpop.ts'
import type { ProofVerifier } from '../../sender-constraint/verify-proof.ts'
import { scopeOf } from '../../tokens/claims.ts'
import type { TokenIntrospector } from '../../tokens/introspection/introspector.ts'
import type { VerifiedToken } from '../../tokens/verify.ts'
import { refusal } from '../refusals.ts'
import type { Authenticate, Caller } from './caller.ts'
import type { Memberships } from './memberships.ts'

export interface TokenCallers {
  readonly introspector: Pick<TokenIntrospector, 'introspectFor'>
  readonly directory: Pick<Directory, 'client'>
  readonly proofs: Omit<ProofVerifier, 'origin'>
  /** The addresses of this listener, without a path. A DPoP proof is for one of them. */
  readonly origins: readonly string[]
  readonly membershipsOf: (client: ClientId) => Promise<Memberships>
}

const AUTHORIZATION = /^(Bearer|DPoP) +([\x21-\x7e]+)$/i

/**
 * Authenticates a program by its access token (RFC 6750 §2.1, RFC 9449 §7.1). It may do what both the token and the present grant of
 * its client say, so that a grant that is taken away counts at once.
 */
export const tokenCaller =
  ({ introspector, directory, proofs, origins, membershipsOf }: TokenCallers): Authenticate =>
  async (request) => {
    const [, scheme, token] = AUTHORIZATION.exec(request.headers.authorization ?? '') ?? []
    if (token === undefined) return undefined
    const verified = await introspector.introspectFor([ADMIN_AUDIENCE], token)
    if (verified === undefined) throw refusal('admin_token_inactive')
    await requireProof({ verified, token, scheme }, request)
    const { claims } = verified
    const client = await directory.client(claims.client_id)
    if (client === undefined) throw refusal('admin_token_inactive')
    const scopes = scopeOf(claims).split(' ')
    const granted = permissionsOf(client).filter((name) => scopes.includes(name))
    const caller: Caller = {
      actor: { kind: 'client', clientId: client.id, way: 'api' },
      authority: {
        everywhere: new Set(granted.filter((name) => name !== 'groups:act')),
        within: granted.includes('groups:act') ? await membershipsOf(client.id) : new Map(),
      },
    }
    return caller

    async function requireProof(
      {
        verified: {
          claims: { cnf },
        },
        token,
        scheme,
      }: Presented,
      { method, path, headers, at }: HttpRequest,
    ): Promise<void> {
      if (cnf === undefined) {
        if (scheme?.toLowerCase() === 'dpop') throw refusal('admin_token_bound')
        return
      }
      if (!('jkt' in cnf)) throw refusal('admin_token_bound', { detail: { bound_to: 'certificate' } })
      const { dpop } = headers
      const proven = await checkDpopProof(Array.isArray(dpop) || typeof dpop === 'string' ? dpop : undefined, {
        ...proofs,
        method,
        uris: origins.map((origin) => origin + path),
        accessTokenHash: hash('sha256', token, 'base64url'),
        now: at,
      }).catch((error: unknown) => {
        if (!(error instanceof Refusal) || error.status >= 500) throw error
        const { reason, dpopNonce } = error
        throw refusal('admin_token_bound', { detail: { reason }, ...(dpopNonce !== undefined && { dpopNonce }) })
      })
      if (proven?.jkt !== cnf.jkt) throw refusal('admin_token_bound', { detail: { bound_to: cnf.jkt } })
    }
  }

interface Presented {
  readonly verified: VerifiedToken
  readonly token: string
  readonly scheme: string | undefined
}
