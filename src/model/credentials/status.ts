import { type Credential, isValid } from './credential.ts'
import { successorOf } from './life.ts'

/** A credential and its last use; undefined if it was never used. Milliseconds, to the minute. */
export interface UsedCredential {
  readonly credential: Credential
  readonly lastUsedAt: number | undefined
}

/** The status of a credential, as people see it. */
type CredentialStatus =
  | 'active'
  /** The credential has a successor, but is still in use, or the successor is not used yet. */
  | 'replaced'
  /** The successor is in use, and the credential no longer is. */
  | 'safe to delete'
  | 'expired'
  | 'revoked'

/** A credential without use for this long counts as no longer in use, since most jobs run at least daily. */
const QUIET_MS = 24 * 3600 * 1000

/** The status of one of a client's credentials. @param all the credentials of the client @param now milliseconds */
export function statusOf(
  all: readonly UsedCredential[],
  { credential, lastUsedAt }: UsedCredential,
  now: number,
): CredentialStatus {
  if (credential.revokedAt !== undefined) return 'revoked'
  if (!isValid(credential, now)) return 'expired'
  const successor = successorOf(
    all.map((other) => other.credential),
    credential,
  )
  if (successor === undefined) return 'active'
  const followed = all.find((other) => other.credential.id === successor.id)?.lastUsedAt !== undefined
  const isQuiet = lastUsedAt === undefined || now - lastUsedAt >= QUIET_MS
  return followed && isQuiet ? 'safe to delete' : 'replaced'
}
