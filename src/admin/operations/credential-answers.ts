import { z } from 'zod'
import type { MadeCredential } from '../../management/credentials/make.ts'
import type { Credential, UnreadableCredential } from '../../model/credentials/credential.ts'
import { statusOf, type UsedCredential } from '../../model/credentials/status.ts'
import type { ClientId } from '../../oauth/ids.ts'
import { iso } from '../../platform/clock.ts'
import type { Answer } from './answer.ts'

const time = z.iso.datetime()

/** A credential in answers. Its secret, keys or certificate are never among them. */
export const credentialAnswer = z.strictObject({
  id: z.string(),
  client_id: z.string(),
  kind: z.string().optional(),
  label: z.string(),
  hint: z.string().optional().describe('The last characters of a generated secret, or the names of keys.'),
  origin: z.string().optional(),
  status: z.enum(['active', 'replaced', 'safe to delete', 'expired', 'revoked', 'unreadable']),
  created: time.optional(),
  expires: time.optional(),
  last_used: time.optional(),
  revoked: time.optional(),
  replaces: z.string().optional(),
  unreadable: z.string().optional(),
})

export type CredentialBody = z.output<typeof credentialAnswer>

export const madeAnswer = credentialAnswer.extend({
  secret: z.string().optional().describe('The generated secret. It is shown only once.'),
})

/** A credential whose last use is not known. */
export const used = (credential: Credential): UsedCredential => ({ credential, lastUsedAt: undefined })

/** @param all the credentials of the client @param now milliseconds */
export function credentialBody(
  client: ClientId,
  one: UsedCredential,
  all: readonly UsedCredential[],
  now: number,
): CredentialBody {
  const { id, kind, label, hint, origin, createdAt, expiresAt, revokedAt, replaces } = one.credential
  return {
    id,
    client_id: client,
    kind,
    label,
    hint,
    origin,
    status: statusOf(all, one, now),
    created: iso(createdAt),
    expires: iso(expiresAt),
    last_used: iso(one.lastUsedAt),
    revoked: iso(revokedAt),
    replaces: replaces?.id,
  }
}

export const unreadableBody = (client: ClientId, { id, label, problem }: UnreadableCredential): CredentialBody => ({
  id,
  client_id: client,
  label,
  status: 'unreadable',
  unreadable: problem,
})

/** The part of a credential that only a change of the credential changes. */
export const stateOf = ({ last_used: _, status: __, ...state }: CredentialBody) => state

/** A credential by itself. Its status and last use are not known. */
export const bodyOf = (client: ClientId, credential: Credential): CredentialBody =>
  credentialBody(client, used(credential), [used(credential)], credential.createdAt)

/** The answer with a new credential. @param now milliseconds */
export function made(client: ClientId, now: number, { credential, generated }: MadeCredential): Answer {
  const body = credentialBody(client, used(credential), [used(credential)], now)
  return {
    body,
    state: stateOf(body),
    location: `/clients/${encodeURIComponent(client)}/credentials/${credential.id}`,
    ...(generated !== undefined && { shownOnce: { secret: generated } }),
  }
}
