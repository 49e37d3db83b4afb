import type { Client } from '../directory/client.ts'
import { networksOf } from '../guessing/address.ts'
import { OAuthError } from '../oauth/error.ts'
import type { ClientId } from '../oauth/ids.ts'
import type { Authenticator, Proven } from './method.ts'
import type { AuthenticationRequest } from './request.ts'

/** A `client_id` and secret as a request has them, and the client of that id; undefined where there is none. */
export interface AttemptedSecret {
  readonly clientId: ClientId
  readonly secret: string
  readonly client: Client | undefined
}

/** Who asks. */
type Asking = Pick<AuthenticationRequest, 'remoteAddress'>

/** Finds the credential of a chosen secret that was right before from where it comes; undefined where that is not known. */
export function findRememberedSecret(
  { verifier, guesses }: Pick<Authenticator, 'verifier' | 'guesses'>,
  { remoteAddress }: Asking,
  { clientId, secret, client }: AttemptedSecret & { readonly client: Client },
): Proven | undefined {
  const credential = verifier.findRemembered(clientId, client.credentials, secret)
  if (credential === undefined || !guesses.letThrough({ clientId, address: remoteAddress })) return undefined
  return { client, credential }
}

/**
 * Finds the credential of a secret that a person may have chosen. Who guesses waits, whether or not there is such a client.
 * A wrong secret that is sent again is no guess, and is refused as before.
 * @param readings what the request can mean, likeliest first
 * @returns undefined where the secret is none of the client's
 * @throws OAuthError `too_many_guesses` or `secret_queue_full`
 */
export async function findChosenSecret(
  { verifier, guesses }: Pick<Authenticator, 'verifier' | 'guesses'>,
  { remoteAddress }: Asking,
  readings: readonly AttemptedSecret[],
): Promise<Proven | undefined> {
  const guessable = readings.flatMap((reading) => {
    const mark = verifier.markOf(reading.clientId, reading.secret)
    return mark === undefined || verifier.isKnownWrong(reading.client?.credentials, mark) ? [] : [{ ...reading, mark }]
  })
  const [first, ...others] = guessable
  if (first === undefined) return undefined
  const marks = [first.mark, ...others.map(({ mark }) => mark)] as const
  const attempt = await guesses.begin({ clientId: first.clientId, address: remoteAddress, marks })
  const lanes = [...networksOf(remoteAddress).widestFirst, first.clientId]
  let isChecked = false
  try {
    for (const { client, secret, mark } of guessable) {
      const holder = client?.credentials
      const credential = await verifier.findChosen(holder, secret, mark, { class: attempt.standing, lanes })
      isChecked = true
      if (client === undefined || credential === undefined) continue
      attempt.succeeded()
      return { client, credential }
    }
  } catch (error) {
    // Once one reading was checked, it was a guess.
    if (!isChecked && error instanceof OAuthError && error.reason === 'secret_queue_full') attempt.turnedAway()
    throw error
  }
  return undefined
}
