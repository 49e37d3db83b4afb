import type { Claims } from '../model/api.ts'
import type { SigningAlgorithm } from '../oauth/algorithms.ts'

/** How the tokens of an API look, with nothing left open but the lifetime. */
export interface TokenProfile {
  readonly format: 'jwt' | 'sealed'
  readonly algorithm: SigningAlgorithm
  readonly typ: 'at+jwt' | 'JWT'
  /** Seconds; undefined for the server's own. */
  readonly lifetime: number | undefined
  readonly scopeClaims: readonly ('scope' | 'scp')[]
  readonly claims: Claims
  readonly clientClaims: Readonly<Record<string, string>>
}
