import type { Client } from '../model/client.ts'
import { isValid } from '../model/credentials/credential.ts'
import type { ClientAuthMethodName } from '../oauth/client-auth-methods.ts'
import type { ClientAuthContext, VerifiedCredential } from './context.ts'
import { type clientAuthRefusals, refusal } from './refusals.ts'

/**
 * Refuses a verified credential that has ended, or that the client or the server does not allow.
 * @param now milliseconds
 */
export function refuseUnfit(
  { client, credential }: VerifiedCredential,
  method: ClientAuthMethodName,
  { takesSample }: Pick<ClientAuthContext, 'takesSample'>,
  now: number,
): void {
  const known = { credential: credential.id, label: credential.label }
  const refused = (reason: keyof typeof clientAuthRefusals, detail = {}) =>
    refusal(reason, { detail: { ...known, ...detail } })
  const { expiresAt, revokedAt } = credential
  if (revokedAt !== undefined) throw refused('revoked_credential', { revoked: new Date(revokedAt).toISOString() })
  if (!isValid(credential, now)) {
    throw refused('expired_credential', { expired: expiresAt && new Date(expiresAt).toISOString() })
  }
  refuseDisabled(client, known)
  if (credential.origin === 'sample' && !takesSample) throw refused('sample_credential')
  const { methods } = client.authentication
  if (methods !== undefined && !methods.includes(method)) throw refused('method_not_allowed_here', { allowed: methods })
}

/** @throws Refusal `client_disabled`, whatever the client has proven */
export function refuseDisabled({ enabled }: Client, detail: Readonly<Record<string, unknown>> = {}): void {
  if (!enabled) throw refusal('client_disabled', { detail })
}
