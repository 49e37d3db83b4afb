import type { Client } from '../model/client.ts'
import type { Directory } from '../model/directory/directory.ts'
import type { ClientId } from '../oauth/ids.ts'
import type { Refusal } from '../oauth/refusal.ts'
import { type AttemptedSecret, findChosenSecret, findRememberedSecret } from './guessable.ts'
import type { Authenticator, Presented, Proven } from './method.ts'
import { refusal } from './refusals.ts'
import type { AuthenticationRequest } from './request.ts'

/** A `client_id` and secret as a request has them. */
export interface SecretReading {
  readonly clientId: ClientId
  readonly secret: string
}

/** The readings of one request, likeliest first, since clients disagree on encoding; one of them can be right. */
export const presentSecret = (readings: readonly [SecretReading, ...SecretReading[]]): Presented => ({
  clientIds: readings.map(({ clientId }) => clientId),
  verify: (authenticator, request) => {
    const { directory } = authenticator
    const sought = readings.map(({ clientId, secret }) => ({ clientId, secret, client: directory.client(clientId) }))
    return findKnown(authenticator, request, sought) ?? verifySought(authenticator, request, sought)
  },
})

/** A reading, and the client that it speaks of, or the wait for one that is not in memory. */
interface Sought extends SecretReading {
  readonly client: ReturnType<Directory['client']>
}

/** Of a client that is in memory, as nearly all are, a secret that nobody can guess or that was right before: nothing waits. */
function findKnown(
  authenticator: Authenticator,
  request: AuthenticationRequest,
  readings: readonly Sought[],
): Proven | undefined {
  for (const { clientId, secret, client } of readings) {
    if (client instanceof Promise || client === undefined) continue
    const generated = authenticator.verifier.findGenerated(client.credentials, secret)
    if (generated !== undefined) return { client, credential: generated }
    const proven = findRememberedSecret(authenticator, request, { clientId, secret, client })
    if (proven !== undefined) return proven
  }
  return undefined
}

async function verifySought(
  authenticator: Authenticator,
  request: AuthenticationRequest,
  readings: readonly Sought[],
): Promise<Proven> {
  const attempted: AttemptedSecret[] = []
  for (const { clientId, secret, client: sought } of readings) {
    const client = await sought
    const credential = authenticator.verifier.findGenerated(client?.credentials, secret)
    if (client !== undefined && credential !== undefined) return { client, credential }
    attempted.push({ clientId, secret, client })
  }
  const proven = await findChosenSecret(authenticator, request, attempted)
  if (proven !== undefined) return proven
  throw whyWrong(attempted[0]?.client)
}

/** Only the audit record differs. The work and the answer are the same in each case. */
function whyWrong(client: Client | undefined): Refusal {
  if (client === undefined) return refusal('unknown_client')
  const { all, secrets } = client.credentials
  if (secrets.length > 0) return refusal('wrong_secret')
  return refusal('no_such_credential', { detail: { has: [...new Set(all.map(({ kind }) => kind))] } })
}
