import type { ApiSet } from '../model/api-set.ts'
import type { Client } from '../model/client.ts'
import type { AccessDecisions, Entitlement, RequestedAccess } from '../policy/entitlement.ts'
import { type Binding, chooseBinding, type PresentProofs } from '../sender-constraint/verify-proof.ts'
import type { TokenProfiles } from './profile.ts'
import type { TokenProfile } from './token-profile.ts'

/** The parts of the server on which the decision about a token depends. */
interface DecisionContext {
  readonly accessDecisions: AccessDecisions
  readonly issuer: {
    /** The lifetime in seconds if neither the client nor an API sets one. */
    readonly defaultLifetime: number
    readonly profiles: TokenProfiles
  }
}

/** A token that a request may have, before its proof of possession is verified. */
export interface DecidedToken {
  readonly entitlement: Entitlement
  readonly profile: TokenProfile
  /** Seconds. */
  readonly lifetime: number
  /** The kind of key that it must be bound to; undefined if it is not bound. */
  readonly binding: Binding | undefined
}

/**
 * Decides about the token of an authenticated client. Token requests and the tests of manifests use this one function, which needs
 * neither the network nor the database.
 * @throws Refusal `invalid_scope`, `invalid_target`, or those of `chooseBinding`; RecordUnreadable
 */
export function decideToken(
  { accessDecisions, issuer: { profiles, defaultLifetime } }: DecisionContext,
  client: Client,
  requested: RequestedAccess,
  apis: ApiSet,
  proofs: PresentProofs,
): DecidedToken {
  const entitlement = accessDecisions.decide(client, requested, apis)
  const binding = chooseBinding(proofs, [client, ...entitlement.apis])
  const { profile, lifetime } = profiles.shared(entitlement.apis, defaultLifetime)
  return { entitlement, profile, lifetime: client.token.lifetime ?? lifetime, binding }
}
