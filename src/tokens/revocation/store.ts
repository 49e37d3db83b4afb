import type { Audience, ClientId, Jti, KeyId } from '../../oauth/ids.ts'
import type { Listed } from '../../platform/unreadable.ts'

/** What is revoked: one token, or all that was issued up to a time to a client, for an API, or under a key. */
export type Revocation = {
  /** From then on it is not needed: no token that it is about can be alive. Milliseconds. */
  readonly expiresAt: number
} & (
  | { readonly kind: 'token'; readonly id: Jti }
  /** `issuedBefore`: milliseconds. */
  | { readonly kind: 'client'; readonly id: ClientId; readonly issuedBefore: number }
  | { readonly kind: 'api'; readonly id: Audience; readonly issuedBefore: number }
  | { readonly kind: 'key'; readonly id: KeyId; readonly issuedBefore: number }
)

/** Where the revocations of one tenant are kept. Every call rejects when the database fails, having written nothing. */
export interface RevocationStore {
  /** Keeps them for good before it resolves; one that is kept already is no error. */
  addRevocations(revocations: readonly Revocation[]): Promise<void>
  /** At most `limit` revocations with a number above `after`, in order; `latest` is the last of these numbers. */
  revocationsAfter(after: number, limit: number): Promise<Listed<Revocation> & { readonly latest: number }>
  /** Whether a token was revoked individually. */
  isTokenRevoked(id: Jti): Promise<boolean>
  /** Removes at most `most` revocations, of whichever tenant, that expired before `time`. @returns how many; 0 once there are none */
  pruneRevocations(time: number, most: number): Promise<number>
  /** The longest lifetime that any token can have had, in milliseconds. */
  longestLifetime(): Promise<number>
  /** Remembers that tokens may live so long, in milliseconds. */
  noteLifetime(milliseconds: number): Promise<void>
}
