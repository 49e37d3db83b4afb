import type { Conditions } from '../conditions/conditions.ts'
import type { AsymmetricAlgorithm, SymmetricAlgorithm } from '../crypto/jws/algorithms.ts'
import type { MasterKey } from '../crypto/master-key.ts'
import type { Holds } from '../http/hold.ts'
import type { Client } from '../model/client.ts'
import type { Credential } from '../model/credentials/credential.ts'
import type { Replacements } from '../model/credentials/replacements.ts'
import type { CredentialUsage } from '../model/credentials/usage.ts'
import type { Directory } from '../model/directory/directory.ts'
import type { TenantId } from '../oauth/ids.ts'
import type { ReplayMarks } from '../replay/marks.ts'
import type { AudienceForm } from './assertions/claims.ts'
import type { CertificateCheck } from './certificates/check.ts'
import type { RegisteredKeys } from './registered-keys.ts'
import type { IssuerKeys } from './remote-jwks/discovery.ts'
import type { RemoteKeySets } from './remote-jwks/key-sets.ts'
import type { SecretVerifier } from './secrets/verifier.ts'
import type { Guesses } from './throttle/guesses.ts'

/** The parts of the server on which client authentication depends. */
export interface ClientAuthContext {
  /** The tenant of the clients. */
  readonly tenant: TenantId
  readonly directory: Directory
  readonly secrets: SecretVerifier
  readonly guesses: Guesses
  readonly marks: ReplayMarks
  readonly usage: CredentialUsage
  readonly replacements: Pick<Replacements, 'note'>
  readonly keySets: RemoteKeySets
  readonly issuerKeys: IssuerKeys
  readonly registeredKeys: RegisteredKeys
  readonly certificates: CertificateCheck
  readonly conditions: Conditions
  readonly masterKey: MasterKey
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
  /** All addresses of the token endpoint. */
  readonly tokenEndpoints: readonly string[]
  /** Seconds. */
  readonly maxLifetime: number
  /** The algorithms that may sign an assertion, including one of an outside issuer. */
  readonly algorithms: readonly (AsymmetricAlgorithm | SymmetricAlgorithm)[]
  readonly audienceForm: AudienceForm
}

/** A client, and the credential that it has proven to hold. The credential may have ended. */
export interface VerifiedCredential {
  readonly client: Client
  readonly credential: Credential
}

/** The sender of a request. */
export interface Sender {
  readonly remoteAddress: string
  /** The time of the request. Milliseconds. */
  readonly at: number
}

/** One attempt to authenticate. */
export interface Attempt extends Sender {
  /** Resolves when the request must not wait for keys any longer. */
  readonly patience: Promise<void>
}
