import { isValid } from '../../model/credentials/credential.ts'
import type { CredentialId } from '../../oauth/ids.ts'
import type { ManagementContext } from '../context.ts'
import { lastIssueOf, tokensUntil } from '../last-issue.ts'
import { type CredentialName, requireCredentials } from './change.ts'
import { findCredential, withName } from './find.ts'

/** The things that end with a credential. Times in milliseconds. */
interface CredentialEffect {
  readonly credential: CredentialId
  /** Whether the client has no other valid credential, so that it gets no more tokens. */
  readonly isLast: boolean
  /** Undefined if it was never used. */
  readonly lastUsedAt: number | undefined
  /** The address of the last token request with it that the audit log still has. */
  readonly lastAddress: string | undefined
  /** The time until which tokens that the client got with it may live; undefined if there are none. */
  readonly tokensUntil: number | undefined
}

/** Finds out the effect of revoking or removing a credential. It changes nothing. @throws UserError if there is none of this name */
export async function credentialEffect(
  context: ManagementContext,
  { client, name }: CredentialName,
): Promise<CredentialEffect> {
  const standing = await requireCredentials(context, client)
  const now = context.clock.now()
  const [unreadable] = withName(standing.unreadable, name)
  const { id } = unreadable ?? findCredential(standing, name, now)
  const lastUsedAt = (await context.store.model.lastUses([id])).get(id)
  return {
    credential: id,
    isLast: !standing.all.some((other) => other.id !== id && isValid(other, now)),
    lastUsedAt,
    lastAddress: (await lastIssueOf(context, client, lastUsedAt, id))?.remoteAddress,
    tokensUntil: await tokensUntil(context, lastUsedAt),
  }
}
