import type { Revocation } from '../../tokens/revocation/store.ts'
import { requireEverywhere } from '../authority/authority.ts'
import type { ManagementContext } from '../context.ts'

/** A page of revocations. */
interface RevocationPage {
  readonly revocations: readonly Revocation[]
  /** The number after which the next page begins; undefined if this is the last. */
  readonly next: number | undefined
}

/**
 * Lists revocations of tokens that have not all expired, oldest first. A page may have fewer than `limit`, since expired ones are
 * left out.
 * @param after the `next` of the page before, or 0
 */
export async function listRevocations(
  context: ManagementContext,
  after: number,
  limit: number,
): Promise<RevocationPage> {
  requireEverywhere(context.authority, 'revocations:read')
  const { found, unreadable, latest } = await context.store.revocations.revocationsAfter(after, limit)
  const now = context.clock.now()
  const isLast = found.length + unreadable.length < limit
  return { revocations: found.filter(({ expiresAt }) => expiresAt > now), next: isLast ? undefined : latest }
}
