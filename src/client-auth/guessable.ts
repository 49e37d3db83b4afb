import type { CompactJws } from '../crypto/jws/compact.ts'
import { verifyHmac } from '../crypto/jws/verify.ts'
import type { Client } from '../model/client.ts'
import { isValid, type SecretCredential } from '../model/credentials/credential.ts'
import { retrieveSecret } from '../model/credentials/retrievable.ts'
import type { ClientId } from '../oauth/ids.ts'
import { networksOf } from '../platform/addresses.ts'
import type { Unreadable } from '../platform/unreadable.ts'
import type { ClientAuthContext, Sender, VerifiedCredential } from './context.ts'
import { SecretQueueFull } from './secrets/fair-queue.ts'

/** A `client_id` and secret of a request, and the client with that id; undefined if there is none. */
export interface AttemptedSecret {
  readonly clientId: ClientId
  readonly secret: string
  readonly client: Client | undefined
}

/** A key that belongs to nobody. A MAC that is checked with it is always refused. */
const DECOY = Buffer.alloc(32)
/**
 * The least number of MACs that are checked, even if a client has fewer secrets or does not exist, so that timing does
 * not reveal it.
 */
const LEAST_MACS = 4

/*
 * Only these functions compare a secret that can be guessed. Each asks the limiter about the same client and address,
 * so that guesses by every method and at every endpoint are counted together. A method that compares such a secret must
 * call one of them (`test/client-auth/throttle/ways.test.ts`).
 */

/**
 * Finds the credential of a chosen secret that was right before, without hashing it again. Undefined if it is not
 * remembered, or if the client has not succeeded at this address, or has failed there recently.
 */
export function findRememberedSecret(
  { tenant, secrets, guesses }: Pick<ClientAuthContext, 'tenant' | 'secrets' | 'guesses'>,
  { remoteAddress }: Sender,
  { clientId, secret, client }: AttemptedSecret & { readonly client: Client },
): VerifiedCredential | undefined {
  const credential = secrets.findRemembered(tenant, clientId, client.credentials, secret)
  if (credential === undefined || !guesses.letThrough({ tenant, clientId, address: remoteAddress })) return undefined
  return { client, credential }
}

/**
 * Finds the credential of a secret that a person may have chosen. Guessers must wait, whether or not the client exists. A
 * repeated wrong secret is no new guess, and is refused as before.
 * @param readings the possible meanings of the request, likeliest first
 * @returns undefined if the secret is none of the client's
 * @throws TooManyGuesses or SecretQueueFull
 */
export async function findChosenSecret(
  context: Pick<ClientAuthContext, 'tenant' | 'secrets' | 'guesses' | 'replacements'>,
  sender: Sender,
  readings: readonly AttemptedSecret[],
): Promise<VerifiedCredential | undefined> {
  const { tenant, secrets } = context
  const guessable = readings.flatMap((reading) => {
    const mark = secrets.markOf(tenant, reading.clientId, reading.secret)
    return mark === undefined || secrets.isKnownWrong(reading.client?.credentials, mark) ? [] : [{ ...reading, mark }]
  })
  // Each reading is a guess at the client that it names.
  for (const ofOne of Map.groupBy(guessable, ({ clientId }) => clientId).values()) {
    const proven = await findAmong(context, sender, ofOne)
    if (proven !== undefined) return proven
  }
  return undefined
}

/** Finds the credential among the readings that name one client. */
async function findAmong(
  {
    tenant,
    secrets,
    guesses,
    replacements,
  }: Pick<ClientAuthContext, 'tenant' | 'secrets' | 'guesses' | 'replacements'>,
  { remoteAddress }: Sender,
  readings: readonly (AttemptedSecret & { readonly mark: string })[],
): Promise<VerifiedCredential | undefined> {
  const [first, ...others] = readings
  if (first === undefined) return undefined
  const { clientId } = first
  const marks = [first.mark, ...others.map(({ mark }) => mark)] as const
  const attempt = await guesses.begin({ tenant, clientId, address: remoteAddress, marks })
  const place = { class: attempt.standing, lanes: [...networksOf(remoteAddress).widestFirst, `${tenant} ${clientId}`] }
  let isChecked = false
  try {
    for (const { client, secret, mark } of readings) {
      const credential = await secrets.findChosen(client?.credentials, secret, mark, place)
      isChecked = true
      if (client === undefined || credential === undefined) continue
      attempt.succeeded()
      const hash = secrets.ownHashOf(credential)
      if (hash !== undefined) replacements.note({ clientId, credential, hash })
      return { client, credential }
    }
  } catch (error) {
    // The attempt counts as a guess once one reading was checked.
    if (!isChecked && error instanceof SecretQueueFull) attempt.turnedAway()
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
 * @throws TooManyGuesses
 */
export async function findMacSecret(
  { tenant, secrets: verifier, guesses, masterKey }: ClientAuthContext,
  { remoteAddress, at }: Sender,
  {
    clientId,
    client,
    jws,
  }: { readonly clientId: ClientId; readonly client: Client | undefined; readonly jws: CompactJws },
): Promise<{ readonly found: SecretCredential | undefined; readonly lost?: Unreadable | undefined }> {
  const kept = client?.credentials.secrets.filter(({ retrievable }) => retrievable !== undefined) ?? []
  const inOrder = kept.toSorted((one, other) => Number(isValid(other, at)) - Number(isValid(one, at)))
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
