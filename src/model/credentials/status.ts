import { type Credential, isValid } from './credential.ts'
import { successorOf } from './life.ts'

/** A credential and when it last proved something; undefined for never. Milliseconds, to the minute. */
export interface UsedCredential {
  readonly credential: Credential
  readonly lastUsedAt: number | undefined
}

/** How a credential stands, as a person asks. */
type CredentialStatus =
  | 'active'
  /** It has a successor, and is still in use or not yet followed. */
  | 'replaced'
  /** Its successor is in use, and it is not. */
  | 'safe to delete'
  | 'expired'
  | 'revoked'

/** Who has not used a credential for a day is taken to have stopped: most jobs run once a day at the least. */
const QUIET_MS = 24 * 3600 * 1000

/** How the credentials of one client stand. @param now milliseconds */
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
