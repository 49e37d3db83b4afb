import type { AsymmetricAlgorithm } from '../../crypto/jws/algorithms.ts'
import { KeyError } from '../../crypto/jws/key-error.ts'
import { type PublicKey, parseKeySet } from '../../crypto/jws/public-key.ts'
import type { Encrypted } from '../../crypto/master-key.ts'
import { parseMatcher } from '../../model/credentials/certificate-subject.ts'
import type {
  CertificateCredential,
  Credential,
  CredentialLife,
  FederatedCredential,
  Jwk,
  KeysCredential,
  SecretCredential,
} from '../../model/credentials/credential.ts'
import { type FederatedTrust, isTrustDomain, refuseUnsound } from '../../model/credentials/federated-trust.ts'
import { generateSecret, isGenerated } from '../../model/credentials/generate-secret.ts'
import type { ImportedHash } from '../../model/credentials/imported-hash.ts'
import { retrievableContext } from '../../model/credentials/retrievable.ts'
import {
  SCRYPT_COST,
  type ScryptParameters,
  type SecretHash,
  scryptDigest,
  sha256,
} from '../../model/credentials/secret-hash.ts'
import { CredentialId } from '../../oauth/ids.ts'
import type { Clock } from '../../platform/clock.ts'
import { type RandomBytes, uuidv7 } from '../../platform/random.ts'
import { Conflict, UserError } from '../../platform/user-error.ts'
import type { ManagementContext } from '../context.ts'

/** The dependencies of a new credential. */
export interface CredentialMaker {
  readonly clock: Clock
  readonly random: RandomBytes
  /**
   * Encrypts a retrievable secret under the master key in use.
   * @param context binds the ciphertext to its record
   * @throws UserError if no master key is configured, or another one is in use
   */
  readonly encrypt: (plaintext: Buffer, context: string) => Promise<Encrypted>
  /** The reason why keys must not be fetched from a URL; undefined if they may. */
  readonly refuseUrl: (url: string) => string | undefined
  /**
   * Runs a slow hash when its turn comes, so that the threads of a server are left to clients.
   * @throws SecretQueueFull if too many wait
   */
  readonly inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>
}

/** The context of a verb that may make credentials. */
export interface MakingContext extends ManagementContext, CredentialMaker {}

/** The secret, keys, certificate or trust of a new credential, as a person gives it. */
export type ProofSpec =
  | { readonly kind: 'secret'; readonly secret: string | undefined; readonly isRetrievable: boolean }
  | {
      readonly kind: 'keys'
      readonly source: { readonly jwks: readonly Jwk[] } | { readonly jwksUri: string }
      readonly algorithm: AsymmetricAlgorithm | undefined
    }
  /** The hash of a secret that only the client knows. */
  | { readonly kind: 'imported'; readonly hash: ImportedHash }
  | { readonly kind: 'certificate'; readonly matcher: Readonly<Record<string, string>> }
  | { readonly kind: 'federated'; readonly trust: FederatedTrust }

/** A generated secret, of which only the hash is kept. */
export const NEW_SECRET: ProofSpec = { kind: 'secret', secret: undefined, isRetrievable: false }

/** The properties of a new credential that a person has chosen. */
export interface CredentialSpec {
  readonly proof: ProofSpec | undefined
  readonly label: string | undefined
  /** Milliseconds. */
  readonly expiresAt: number | undefined
}

/** The label, origin and lifetime of a credential. */
export type Terms = Pick<CredentialLife, 'label' | 'origin' | 'expiresAt'>

/** A value that can't be a credential. `field` names the wrong field if the message is about one. */
export class CredentialError extends UserError {
  readonly field: string | undefined

  constructor(message: string, field?: string) {
    super(message)
    this.field = field
  }
}

/** A new credential, and its secret if one was generated, which is shown once. */
export interface MadeCredential {
  readonly credential: Credential
  readonly generated: string | undefined
}

/** The least bytes of a retrievable secret: a key of HS256 must be as long as its digest (RFC 7518 §3.2). */
export const SHORTEST_RETRIEVABLE = 32

/**
 * Makes a credential, without storing it.
 * @param siblings the other credentials of the client
 * @throws CredentialError if the values can't be a credential, such as a private key
 */
export async function makeCredential(
  maker: CredentialMaker,
  proof: ProofSpec,
  terms: Terms,
  siblings: readonly Credential[],
): Promise<MadeCredential> {
  const { clock, random } = maker
  const life: Omit<CredentialLife, 'hint'> = {
    id: CredentialId(uuidv7(clock, random)),
    ...terms,
    createdAt: clock.now(),
    revokedAt: undefined,
    replaces: undefined,
  }
  switch (proof.kind) {
    case 'secret': {
      const secret = proof.secret ?? generateSecret(random)
      const credential = await toSecret(maker, life, secret, proof.isRetrievable, siblings)
      return { credential, generated: proof.secret === undefined ? secret : undefined }
    }
    case 'keys':
      return { credential: toKeys(maker, life, proof), generated: undefined }
    case 'imported': {
      const secret = { kind: 'secret', hint: '', hash: proof.hash, retrievable: undefined } as const
      return { credential: { ...life, ...secret }, generated: undefined }
    }
    case 'certificate':
      return { credential: toCertificate(life, proof.matcher), generated: undefined }
    case 'federated':
      return { credential: toFederated(maker, life, proof.trust), generated: undefined }
  }
}

/** Refuses a secret, keys, a certificate or a trust that no client could use, wherever it is. @throws CredentialError */
export function requireUsable(proof: ProofSpec): void {
  switch (proof.kind) {
    case 'secret':
      if (proof.isRetrievable && proof.secret !== undefined) refuseShort(proof.secret)
      return
    case 'keys':
      if ('jwks' in proof.source) requireKeys(proof.source.jwks, 'jwks')
      return
    case 'certificate':
      naming('certificate', () => parseMatcher(proof.matcher))
      return
    case 'federated':
      requireSound(proof.trust)
      return
  }
}

function refuseShort(secret: string): void {
  if (Buffer.byteLength(secret) >= SHORTEST_RETRIEVABLE) return
  throw new CredentialError(
    `a secret that the client signs with must have at least ${SHORTEST_RETRIEVABLE} bytes (RFC 7518 §3.2): leave it out, and one is generated`,
    'secret',
  )
}

function requireSound(trust: FederatedTrust): void {
  naming('federated', () => refuseUnsound(trust))
  if (trust.jwks !== undefined) requireKeys(trust.jwks, 'federated')
}

/** Runs `work`. Its UserError becomes one about a field. */
function naming<Result>(field: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new CredentialError(error.message, field)
  }
}

async function toSecret(
  { random, encrypt, inTurn }: CredentialMaker,
  life: Omit<CredentialLife, 'hint'>,
  secret: string,
  isRetrievable: boolean,
  siblings: readonly Credential[],
): Promise<SecretCredential> {
  if (isRetrievable) refuseShort(secret)
  return {
    ...life,
    kind: 'secret',
    hint: isGenerated(secret) ? secret.slice(-4) : '',
    hash: await hashSecret(secret, sharedSalt(siblings, random), inTurn),
    retrievable: isRetrievable ? await encrypt(Buffer.from(secret), retrievableContext(life.id)) : undefined,
  }
}

function toKeys(
  { refuseUrl }: CredentialMaker,
  life: Omit<CredentialLife, 'hint'>,
  { source, algorithm }: Extract<ProofSpec, { kind: 'keys' }>,
): KeysCredential {
  if ('jwksUri' in source) {
    const problem = refuseUrl(source.jwksUri)
    if (problem !== undefined) throw new CredentialError(problem, 'jwks_uri')
    return { ...life, kind: 'keys', hint: new URL(source.jwksUri).host, source, algorithm }
  }
  const keys = requireKeys(source.jwks, 'jwks')
  const hint = keys.map(({ kid, thumbprint }) => kid ?? thumbprint.slice(0, 8)).join(', ')
  return { ...life, kind: 'keys', hint: hint.slice(0, 128), source, algorithm }
}

/** Parses a set of keys. @throws CredentialError if any key is unusable */
function requireKeys(jwks: readonly Jwk[], field: string): readonly PublicKey[] {
  try {
    const { keys } = parseKeySet({ keys: jwks }, { strict: true })
    if (keys.length === 0) throw new CredentialError('the set has no key', field)
    return keys
  } catch (error) {
    if (!(error instanceof KeyError)) throw error
    throw new CredentialError(error.message, field)
  }
}

function toCertificate(
  life: Omit<CredentialLife, 'hint'>,
  given: Readonly<Record<string, string>>,
): CertificateCredential {
  const matcher = naming('certificate', () => parseMatcher(given))
  return { ...life, kind: 'certificate', hint: Object.values(matcher).join('').slice(0, 128), matcher }
}

function toFederated(
  { refuseUrl }: CredentialMaker,
  life: Omit<CredentialLife, 'hint'>,
  trust: FederatedTrust,
): FederatedCredential {
  requireSound(trust)
  const fetched =
    trust.jwks === undefined ? [trust.jwksUri, isTrustDomain(trust.issuer) ? undefined : trust.issuer] : []
  for (const url of fetched) {
    const problem = url === undefined ? undefined : refuseUrl(url)
    if (problem !== undefined) throw new CredentialError(`${url} ${problem}`, 'federated')
  }
  return { ...life, kind: 'federated', hint: new URL(trust.issuer).host, trust }
}

/** The chosen secrets of a client share a salt, so that one slow hash compares a guess with all of them. */
function sharedSalt(siblings: readonly Credential[], random: RandomBytes): Buffer {
  for (const sibling of siblings) {
    const salt = saltOf(sibling)
    if (salt !== undefined) return salt
  }
  return Buffer.from(random(16))
}

/**
 * Refuses a chosen secret whose salt none of the present siblings has, since somebody else has added the first ones meanwhile. Each salt
 * would cost one more slow hash for each wrong guess.
 * @throws Conflict
 */
export function refuseOtherSalt(siblings: readonly Credential[], made: Credential): void {
  const salt = saltOf(made)
  const salts = siblings.flatMap((sibling) => saltOf(sibling) ?? [])
  if (salt !== undefined && salts.length > 0 && !salts.some((one) => one.equals(salt)))
    throw new Conflict('somebody else added a secret to the client at the same time: try again')
}

const saltOf = (credential: Credential): Buffer | undefined =>
  credential.kind === 'secret' && credential.hash.kind === 'scrypt' ? credential.hash.parameters.salt : undefined

async function hashSecret(secret: string, salt: Buffer, inTurn: CredentialMaker['inTurn']): Promise<SecretHash> {
  if (isGenerated(secret)) return { kind: 'sha256', digest: sha256(secret) }
  const parameters: ScryptParameters = { ...SCRYPT_COST, salt }
  return { kind: 'scrypt', parameters, digest: await inTurn(() => scryptDigest(secret, parameters)) }
}
