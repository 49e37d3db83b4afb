import type { StoredAuditEvent } from '../audit/store.ts'
import type { ClientId, CredentialId } from '../oauth/ids.ts'
import { ownersFor } from './authority/authority.ts'
import type { ManagementContext } from './context.ts'

/** The number of a client's last events among which its last token is looked for. */
const LAST_EVENTS = 100
/** Uses are stored once a minute, by a server that may wait for its database. Milliseconds. */
const LATE_MS = 120_000

/**
 * The last token that a client got, as far as its last events say and the author may read audit events.
 * @param lastUsedAt undefined if there is no token to look for
 * @param credential only tokens that it got with this credential count
 */
export async function lastIssueOf(
  { store, authority }: ManagementContext,
  clientId: ClientId,
  lastUsedAt: number | undefined,
  credential?: CredentialId,
): Promise<StoredAuditEvent | undefined> {
  if (lastUsedAt === undefined) return undefined
  const seen = ownersFor(authority, 'audit:read')
  const owners = seen === 'all' ? undefined : seen
  const events = await store.audit.listEvents({ limit: LAST_EVENTS, clientId, owners })
  return events.findLast(
    ({ type, result, detail }) =>
      type === 'token.issue' &&
      result === 'success' &&
      (credential === undefined || detail['credential'] === credential),
  )
}

/**
 * The time until which a token may live that was issued up to now, in milliseconds; undefined if every token has expired.
 * @param lastUsedAt the last use of the credentials in question; undefined if they were never used
 */
export async function tokensUntil(
  { store, clock }: ManagementContext,
  lastUsedAt: number | undefined,
): Promise<number | undefined> {
  if (lastUsedAt === undefined) return undefined
  const now = clock.now()
  const until = Math.min(now, lastUsedAt + LATE_MS) + (await store.revocations.longestLifetime())
  return until > now ? until : undefined
}
