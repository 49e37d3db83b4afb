import type { CompactJws } from '../crypto/jws/compact.ts'
import { verifyHmac } from '../crypto/jws/verify.ts'
import type { Client } from '../model/client.ts'
import { isValid, type SecretCredential } from '../model/credentials/credential.ts'
import { retrieveSecret } from '../model/credentials/retrievable.ts'
import { OAuthError } from '../oauth/error.ts'
import type { ClientId } from '../oauth/ids.ts'
import { networksOf } from '../platform/addresses.ts'
import type { Unreadable } from '../platform/unreadable.ts'
import type { Authenticator, Proven } from './method.ts'
import type { AuthenticationRequest } from './request.ts'

/** A `client_id` and secret as a request has them, and the client of that id; undefined where there is none. */
export interface AttemptedSecret {
  readonly clientId: ClientId
  readonly secret: string
  readonly client: Client | undefined
}

/** The sender of the secret. */
type Asking = Pick<AuthenticationRequest, 'remoteAddress'>

/** A key that belongs to nobody. A MAC that is checked with it is always refused. */
const DECOY = Buffer.alloc(32)
/** This many MACs are checked even if a client has fewer secrets or does not exist, so that timing does not reveal it. */
const LEAST_MACS = 4

/*
 * The only ways to compare a secret that can be guessed. Each asks the limiter, under the same client and address, so that
 * guesses by every method and at every endpoint are counted together. Nothing else may compare one: a method that needs to
 * calls one of these (`test/client-auth/throttle/ways.test.ts`).
 */

/** Finds the credential of a chosen secret that was right before, from the same address; undefined if that is not known. */
export function findRememberedSecret(
  { tenant, verifier, guesses }: Pick<Authenticator, 'tenant' | 'verifier' | 'guesses'>,
  { remoteAddress }: Asking,
  { clientId, secret, client }: AttemptedSecret & { readonly client: Client },
): Proven | undefined {
  const credential = verifier.findRemembered(tenant, clientId, client.credentials, secret)
  if (credential === undefined || !guesses.letThrough({ tenant, clientId, address: remoteAddress })) return undefined
  return { client, credential }
}

/**
 * Finds the credential of a secret that a person may have chosen. Guessers must wait, whether or not the client exists. A
 * repeated wrong secret is no new guess, and is refused as before.
 * @param readings the possible meanings of the request, likeliest first
 * @returns undefined if the secret is none of the client's
 * @throws OAuthError `too_many_guesses` or `secret_queue_full`
 */
export async function findChosenSecret(
  authenticator: Pick<Authenticator, 'tenant' | 'verifier' | 'guesses'>,
  asking: Asking,
  readings: readonly AttemptedSecret[],
): Promise<Proven | undefined> {
  const { tenant, verifier } = authenticator
  const guessable = readings.flatMap((reading) => {
    const mark = verifier.markOf(tenant, reading.clientId, reading.secret)
    return mark === undefined || verifier.isKnownWrong(reading.client?.credentials, mark) ? [] : [{ ...reading, mark }]
  })
  // Each reading is a guess at the client that it names.
  for (const ofOne of Map.groupBy(guessable, ({ clientId }) => clientId).values()) {
    const proven = await findAmong(authenticator, asking, ofOne)
    if (proven !== undefined) return proven
  }
  return undefined
}

/** Finds the credential among the readings that name one client. */
async function findAmong(
  { tenant, verifier, guesses }: Pick<Authenticator, 'tenant' | 'verifier' | 'guesses'>,
  { remoteAddress }: Asking,
  readings: readonly (AttemptedSecret & { readonly mark: string })[],
): Promise<Proven | undefined> {
  const [first, ...others] = readings
  if (first === undefined) return undefined
  const { clientId } = first
  const marks = [first.mark, ...others.map(({ mark }) => mark)] as const
  const attempt = await guesses.begin({ tenant, clientId, address: remoteAddress, marks })
  const place = { class: attempt.standing, lanes: [...networksOf(remoteAddress).widestFirst, `${tenant} ${clientId}`] }
  let isChecked = false
  try {
    for (const { client, secret, mark } of readings) {
      const credential = await verifier.findChosen(client?.credentials, secret, mark, place)
      isChecked = true
      if (client === undefined || credential === undefined) continue
      attempt.succeeded()
      return { client, credential }
    }
  } catch (error) {
    // The attempt counts as a guess once one reading was checked.
    if (!isChecked && error instanceof OAuthError && error.reason === 'secret_queue_full') attempt.turnedAway()
    throw error
  }
  return undefined
}

/**
 * Finds the secret that made the MAC of a JWS. Nobody can guess a generated secret, so a right MAC under one never waits. For a
 * wrong MAC the limiter is asked for every client; otherwise its answer would reveal which clients have a chosen secret. The MACs
 * are checked first, so that many right ones are not taken for guesses.
 * @param client undefined if no client has that id
 * @returns `found`: undefined if none of the client's secrets made the MAC; `lost`: a secret that could not be decrypted
 * @throws OAuthError `too_many_guesses`
 */
export async function findMacSecret(
  { tenant, verifier, guesses, masterKey, clock }: Authenticator,
  { remoteAddress }: Asking,
  {
    clientId,
    client,
    jws,
  }: { readonly clientId: ClientId; readonly client: Client | undefined; readonly jws: CompactJws },
): Promise<{ readonly found: SecretCredential | undefined; readonly lost?: Unreadable | undefined }> {
  const now = clock.now()
  const kept = client?.credentials.secrets.filter(({ retrievable }) => retrievable !== undefined) ?? []
  const inOrder = kept.toSorted((one, other) => Number(isValid(other, now)) - Number(isValid(one, now)))
  const checked = inOrder.map((credential) => ({ credential, secret: retrieveSecret(credential, masterKey) }))
  const [{ credential: found } = {}] = checked.filter(
    ({ secret }) => verifyHmac(jws, Buffer.isBuffer(secret) ? secret : DECOY) && Buffer.isBuffer(secret),
  )
  const [lost] = checked.flatMap(({ secret }) => (Buffer.isBuffer(secret) ? [] : [secret]))
  for (let macs = inOrder.length; macs < LEAST_MACS; macs += 1) verifyHmac(jws, DECOY)
  if (found?.hash.kind === 'sha256') return { found }

  const mark = verifier.markOfMac(tenant, clientId, { alg: jws.header.alg, signature: jws.signature })
  const holder = client?.credentials
  if (found === undefined && verifier.isKnownWrong(holder, mark)) return { found, lost }
  await guesses.conclude({ tenant, clientId, address: remoteAddress, marks: [mark] }, found !== undefined)
  if (found === undefined) verifier.noteWrong(holder, mark)
  return { found, lost }
}
