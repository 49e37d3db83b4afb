import type { Claims } from '../model/api.ts'
import type { SigningAlgorithm } from '../oauth/algorithms.ts'

/** The complete format of an API's tokens. Only the lifetime may be open. */
export interface TokenProfile {
  readonly format: 'jwt' | 'sealed'
  readonly algorithm: SigningAlgorithm
  readonly typ: 'at+jwt' | 'JWT'
  /** Seconds; undefined for the server's default. */
  readonly lifetime: number | undefined
  readonly scopeClaims: readonly ('scope' | 'scp')[]
  readonly claims: Claims
  readonly clientClaims: Readonly<Record<string, string>>
}
