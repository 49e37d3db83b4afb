import { kindsOf } from '../model/credentials/credential.ts'
import type { Directory } from '../model/directory/directory.ts'
import type { Refusal } from '../oauth/refusal.ts'
import type { ClientAuthContext, Sender, VerifiedCredential } from './context.ts'
import { type AttemptedSecret, findChosenSecret, findRememberedSecret } from './guessable.ts'
import type { PresentedSecret, SecretReading } from './presented.ts'
import { refusal } from './refusals.ts'
import { describeSecret } from './secrets/received-secret.ts'

/**
 * Verifies a secret. The fast path waits for nothing: the client is in memory, and the secret is generated or was right
 * before.
 */
export function verifySecret(
  context: ClientAuthContext,
  { readings }: PresentedSecret,
  sender: Sender,
): VerifiedCredential | Promise<VerifiedCredential> {
  const attempts = readings.map(({ clientId, secret }) => ({
    clientId,
    secret,
    client: context.directory.client(clientId),
  }))
  return findKnown(context, sender, attempts) ?? verifyAttempts(context, sender, attempts)
}

/** A reading and its client. A client that is not in memory is a promise. */
interface SecretAttempt extends SecretReading {
  readonly client: ReturnType<Directory['client']>
}

/** Finds a generated or recently verified secret of a client that is in memory. */
function findKnown(
  context: ClientAuthContext,
  sender: Sender,
  readings: readonly SecretAttempt[],
): VerifiedCredential | undefined {
  for (const { clientId, secret, client } of readings) {
    if (client instanceof Promise || client === undefined) continue
    const generated = context.secrets.findGenerated(client.credentials, secret)
    if (generated !== undefined) return { client, credential: generated }
    const proven = findRememberedSecret(context, sender, { clientId, secret, client })
    if (proven !== undefined) return proven
  }
  return undefined
}

async function verifyAttempts(
  context: ClientAuthContext,
  sender: Sender,
  readings: readonly SecretAttempt[],
): Promise<VerifiedCredential> {
  const attempted: AttemptedSecret[] = []
  for (const { clientId, secret, client: loading } of readings) {
    const client = await loading
    const credential = context.secrets.findGenerated(client?.credentials, secret)
    if (client !== undefined && credential !== undefined) return { client, credential }
    attempted.push({ clientId, secret, client })
  }
  const proven = await findChosenSecret(context, sender, attempted)
  if (proven !== undefined) return proven
  throw whyWrong(attempted[0])
}

/** The refusal for the audit log. The work and the answer are the same in each case. */
function whyWrong(attempted: AttemptedSecret | undefined): Refusal {
  const received = attempted && describeSecret(attempted.secret)
  const client = attempted?.client
  if (client === undefined) return refusal('unknown_client', { detail: { received } })
  if (client.credentials.secrets.length > 0) return refusal('wrong_secret', { detail: { received } })
  return refusal('no_such_credential', { detail: { has: kindsOf(client.credentials), received } })
}
