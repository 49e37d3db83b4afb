import type { AsymmetricAlgorithm, SymmetricAlgorithm } from '../crypto/jws/algorithms.ts'
import type { MasterKey } from '../crypto/master-key.ts'
import type { Holds } from '../http/hold.ts'
import type { Client } from '../model/client.ts'
import type { Credential } from '../model/credentials/credential.ts'
import type { Directory } from '../model/directory/directory.ts'
import type { ClientId, TenantId } from '../oauth/ids.ts'
import type { Clock } from '../platform/clock.ts'
import type { ReplayMarks } from '../replay/marks.ts'
import type { AudienceForm } from './assertions/claims.ts'
import type { CertificateCheck } from './certificates/check.ts'
import type { IssuerKeys } from './remote-jwks/discovery.ts'
import type { RemoteKeySets } from './remote-jwks/key-sets.ts'
import type { AuthenticationRequest } from './request.ts'
import type { SecretVerifier } from './secrets/verifier.ts'
import type { Guesses } from './throttle/limiter.ts'

/** What the methods need of the process. */
export interface Authenticator {
  /** The tenant whose clients these are. */
  readonly tenant: TenantId
  readonly directory: Directory
  readonly verifier: SecretVerifier
  readonly guesses: Guesses
  readonly marks: ReplayMarks
  readonly keySets: RemoteKeySets
  readonly issuerKeys: IssuerKeys
  readonly certificates: CertificateCheck
  readonly masterKey: MasterKey
  readonly clock: Clock
  readonly assertions: AssertionSettings
  /** Whether the published secret of the `tessera dev` sample is accepted. */
  readonly takesSample: boolean
  readonly holds: Pick<Holds, 'begin'>
  /** How long a request waits for keys that must be fetched; may change. Milliseconds. */
  readonly keyWait: number
}

interface AssertionSettings {
  /** Our issuer identifier. */
  readonly issuer: string
  readonly tokenEndpoint: string
  /** Seconds. */
  readonly maxLifetime: number
  /** The algorithms that may sign an assertion, including one of an outside issuer. */
  readonly algorithms: readonly (AsymmetricAlgorithm | SymmetricAlgorithm)[]
  readonly audienceForm: AudienceForm
}

/** A client and which of its credentials proved it; whether both still count is looked at afterwards. */
export interface Proven {
  readonly client: Client
  readonly credential: Credential
}

/** What a request presents by one method, not yet believed. */
export interface Presented {
  /** Who the client says it is; undefined where only the verification tells. */
  readonly clientIds: readonly ClientId[]
  /** Whether this needs keys that may have to be fetched first. */
  readonly needsKeys?: true
  /**
   * @param patience resolves when the request has waited for keys for long enough
   * @throws OAuthError why it proves nothing
   */
  verify(
    authenticator: Authenticator,
    request: AuthenticationRequest,
    patience: Promise<void>,
  ): Proven | Promise<Proven>
}

/** One way in which a client may authenticate (RFC 6749 §2.3). */
export interface ClientAuthMethod {
  /**
   * What the request presents by this method; undefined where it does not use the method.
   * @throws OAuthError where it uses the method wrongly
   */
  present(request: AuthenticationRequest): Presented | undefined
}
