import type { Client } from '../directory/client.ts'
import type { Directory } from '../directory/directory.ts'
import { OAuthError } from '../oauth/error.ts'
import type { ClientId } from '../oauth/ids.ts'
import type { Authenticator, Presented, Proven } from './method.ts'
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
  { verifier, guesses }: Authenticator,
  { remoteAddress }: AuthenticationRequest,
  readings: readonly Sought[],
): Proven | undefined {
  for (const { clientId, secret, client } of readings) {
    if (client instanceof Promise) continue
    const generated = verifier.findGenerated(client?.credentials, secret)
    if (client !== undefined && generated !== undefined) return { client, credential: generated }
    const chosen = verifier.findRemembered(clientId, client?.credentials, secret)
    if (client === undefined || chosen === undefined) continue
    if (guesses.letThrough({ clientId, address: remoteAddress })) return { client, credential: chosen }
  }
  return undefined
}

async function verifySought(
  authenticator: Authenticator,
  request: AuthenticationRequest,
  readings: readonly Sought[],
): Promise<Proven> {
  const attempted: Attempted[] = []
  for (const { clientId, secret, client: sought } of readings) {
    const client = await sought
    const credential = authenticator.verifier.findGenerated(client?.credentials, secret)
    if (client !== undefined && credential !== undefined) return { client, credential }
    attempted.push({ clientId, secret, client })
  }
  return verifyChosen(authenticator, request, attempted)
}

/** The same once nothing is waited for; undefined where there is no such client. */
interface Attempted extends SecretReading {
  readonly client: Client | undefined
}

/**
 * What a person chose can be guessed: then whoever guesses waits, whether or not there is such a client. A wrong secret that
 * is sent again is no guess, and is refused as before: it must not be told from others by that, which is why all others wait.
 */
async function verifyChosen(
  { verifier, guesses }: Authenticator,
  { remoteAddress }: AuthenticationRequest,
  readings: readonly Attempted[],
): Promise<Proven> {
  const guessable = readings.flatMap((reading) => {
    const mark = verifier.markOf(reading.clientId, reading.secret)
    return mark === undefined || verifier.isKnownWrong(reading.client?.credentials, mark) ? [] : [{ ...reading, mark }]
  })
  const [first, ...others] = guessable
  if (first !== undefined) {
    const marks = [first.mark, ...others.map(({ mark }) => mark)] as const
    const attempt = await guesses.begin({ clientId: first.clientId, address: remoteAddress, marks })
    for (const { clientId, client, secret, mark } of guessable) {
      const credential = await verifier.findChosen(clientId, client?.credentials, secret, mark)
      if (client === undefined || credential === undefined) continue
      attempt.succeeded()
      return { client, credential }
    }
  }
  throw whyWrong(readings[0]?.client)
}

/** Only what is recorded differs: the same work was done for each, and the wire says the same. */
function whyWrong(client: Client | undefined): OAuthError {
  if (client === undefined) return new OAuthError('unknown_client')
  const { all, secrets } = client.credentials
  if (secrets.length > 0) return new OAuthError('wrong_secret')
  return new OAuthError('no_such_credential', { detail: { has: [...new Set(all.map(({ kind }) => kind))] } })
}
