import { timingSafeEqual } from 'node:crypto'
import { CredentialId } from '../oauth/ids.ts'
import type { Clock } from '../platform/clock.ts'
import { type RandomBytes, uuidv7 } from '../platform/random.ts'
import type { SecretCredential } from '../secrets/credential.ts'
import { generateSecret, isGenerated } from '../secrets/generate.ts'
import { SCRYPT_COST, type ScryptParameters, type SecretHash, scryptDigest, sha256 } from '../secrets/hash.ts'
import type { ManifestCredential } from './schema.ts'

/** What making credentials needs of the process. */
export interface CredentialMaker {
  readonly clock: Clock
  readonly random: RandomBytes
}

/** A credential as the manifest wants it, and the secret that was generated for it, to be shown once. */
interface PlannedCredential {
  readonly credential: SecretCredential
  readonly generated: string | undefined
}

/**
 * The credential that a client should have for one of its manifest: the one it has, where that is the same.
 * @param secret what the manifest gives; undefined for one to be generated, which stays what it is once it exists
 * @param salt shared by all chosen secrets of the client
 */
export async function planCredential(
  { clock, random }: CredentialMaker,
  wanted: ManifestCredential,
  secret: string | undefined,
  existing: SecretCredential | undefined,
  salt: Buffer,
): Promise<PlannedCredential> {
  const expiresAt = wanted.expires === undefined ? undefined : Date.parse(wanted.expires)
  if (
    existing !== undefined &&
    (secret === undefined ? existing.hash.kind === 'sha256' : await matches(existing.hash, secret))
  ) {
    const credential = existing.expiresAt === expiresAt ? existing : { ...existing, expiresAt }
    return { credential, generated: undefined }
  }
  const value = secret ?? generateSecret(random)
  const credential: SecretCredential = {
    id: CredentialId(uuidv7(clock, random)),
    label: wanted.label,
    hint: isGenerated(value) ? value.slice(-4) : '',
    hash: await hashSecret(value, salt),
    createdAt: clock.now(),
    expiresAt,
  }
  return { credential, generated: secret === undefined ? value : undefined }
}

/** The salt that the chosen secrets of a client share; a new one where it has none yet. */
export function sharedSalt(secrets: readonly SecretCredential[], random: RandomBytes): Buffer {
  for (const { hash } of secrets) if (hash.kind === 'scrypt') return hash.parameters.salt
  return Buffer.from(random(16))
}

async function hashSecret(secret: string, salt: Buffer): Promise<SecretHash> {
  if (isGenerated(secret)) return { kind: 'sha256', digest: sha256(secret) }
  const parameters: ScryptParameters = { ...SCRYPT_COST, salt }
  return { kind: 'scrypt', parameters, digest: await scryptDigest(secret, parameters) }
}

async function matches(hash: SecretHash, secret: string): Promise<boolean> {
  if (hash.kind === 'sha256') return hash.digest === sha256(secret)
  return timingSafeEqual(hash.digest, await scryptDigest(secret, hash.parameters))
}
