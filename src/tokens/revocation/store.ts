import type { AuditEvent } from '../../audit/event.ts'
import type { Audience, ClientId, Jti, KeyId } from '../../oauth/ids.ts'
import type { Listed } from '../../platform/unreadable.ts'

/** The revocation of one token, or of all tokens that a client got, an API accepts or a key signed, up to a time. */
export type Revocation = {
  /** The time at which all revoked tokens have expired, so that this is no longer needed. Milliseconds. */
  readonly expiresAt: number
} & (
  | { readonly kind: 'token'; readonly id: Jti }
  /** `issuedBefore`: milliseconds. */
  | { readonly kind: 'client'; readonly id: ClientId; readonly issuedBefore: number }
  | { readonly kind: 'api'; readonly id: Audience; readonly issuedBefore: number }
  | { readonly kind: 'key'; readonly id: KeyId; readonly issuedBefore: number }
)

/** Stores the revocations of one tenant. If the database fails, a call rejects and has written nothing. */
export interface RevocationStore {
  /** Stores revocations, with an event if one is given, in one transaction. It is not an error if one is already stored. */
  addRevocations(revocations: readonly Revocation[], event?: AuditEvent): Promise<void>
  /**
   * Lists at most `limit` revocations with a number above `after`, in order. `latest` is the last of these numbers, and `mark` tells that
   * revocation from another one with its number.
   * @param mark as returned with `after`. If the database has lost that revocation, the list begins anew with the first one
   */
  revocationsAfter(
    after: number,
    limit: number,
    mark?: string,
  ): Promise<Listed<Revocation> & { readonly latest: number; readonly mark?: string | undefined }>
  /** Whether a token was revoked individually. */
  isTokenRevoked(id: Jti): Promise<boolean>
  /** Removes at most `most` revocations of any tenant that expired before `time`, in milliseconds. @returns how many; 0 once none is left */
  pruneRevocations(time: number, most: number): Promise<number>
  /** The longest lifetime of any token so far, in milliseconds. */
  longestLifetime(): Promise<number>
  /** Records that tokens may have this lifetime, in milliseconds. */
  noteLifetime(milliseconds: number): Promise<void>
}
