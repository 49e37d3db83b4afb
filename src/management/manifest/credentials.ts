import { timingSafeEqual } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { RemovedCredential } from '../../model/client.ts'
import type { Credential } from '../../model/credentials/credential.ts'
import type { FederatedTrust } from '../../model/credentials/federated-trust.ts'
import { type SecretHash, scryptDigest, sha256 } from '../../model/credentials/secret-hash.ts'
import { type CredentialMaker, makeCredential, type ProofSpec } from '../credentials/make.ts'
import type { CredentialInput, FederatedInput } from '../schemas/credential.ts'
import { withoutUndefined } from '../schemas/values.ts'

/** A credential as the manifest wants it, and the secret that was generated for it, to be shown once. */
interface PlannedCredential {
  readonly credential: Credential
  readonly generated: string | undefined
}

/** The source of a secret, and of its credential. */
interface Source {
  /** The secret that the manifest gives; undefined if it is to be generated. A generated secret stays the same once it exists. */
  readonly secret: string | undefined
  readonly generate: () => string
  readonly origin: 'manifest' | 'sample'
}

/** The credentials that a client has, and those it had. */
interface Siblings {
  readonly before: readonly Credential[]
  /** The credentials that an operator has removed. */
  readonly removed: readonly RemovedCredential[]
}

/**
 * The credential that a client should have for one of its manifest: the one it has, where that is the same.
 * @returns the mark of the one that an operator has removed, where that is the same: it is not made again
 * @throws CredentialError for what can't be a credential
 */
export async function planCredential(
  maker: CredentialMaker,
  wanted: CredentialInput,
  { secret, generate, origin }: Source,
  { before, removed }: Siblings,
): Promise<PlannedCredential | RemovedCredential> {
  const expiresAt = wanted.expires === undefined ? undefined : Date.parse(wanted.expires)
  const terms = { label: wanted.label, origin, expiresAt } as const
  const existing = before.find(({ label, origin }) => label === wanted.label && origin === 'manifest')
  const given = proofOf(wanted, secret)
  if (existing !== undefined && (await isSame(existing, given))) {
    return { credential: { ...existing, expiresAt: keptExpiry(existing, expiresAt, before) }, generated: undefined }
  }
  const away = removed.find(({ credential: { label } }) => label === wanted.label)
  if (away !== undefined && existing === undefined && (await provesTheSame(away.credential, given))) return away
  const generated = given.kind === 'secret' && given.secret === undefined ? generate() : undefined
  const made = generated === undefined ? given : { ...given, secret: generated }
  const { credential } = await makeCredential(maker, made, terms, before)
  const known = [...before, ...removed.map((one) => one.credential)]
  return { credential: { ...credential, revokedAt: await revocationOf(given, known) }, generated }
}

function proofOf(wanted: CredentialInput, secret: string | undefined): ProofSpec {
  const { jwks, jwks_uri: jwksUri, algorithm, certificate, federated, retrievable = false } = wanted
  if (jwks !== undefined) return { kind: 'keys', source: { jwks: jwks.keys }, algorithm }
  if (jwksUri !== undefined) return { kind: 'keys', source: { jwksUri }, algorithm }
  if (certificate !== undefined) return { kind: 'certificate', matcher: withoutUndefined(certificate) }
  if (federated !== undefined) return { kind: 'federated', trust: toTrust(federated) }
  return { kind: 'secret', secret, isRetrievable: retrievable }
}

/** What a command has shortened, by rotating, a manifest doesn't lengthen, whatever became of the successor. */
function keptExpiry(existing: Credential, wanted: number | undefined, before: readonly Credential[]) {
  const wasRotated = before.some(({ replaces }) => replaces?.id === existing.id)
  if (!wasRotated || existing.expiresAt === undefined) return wanted
  return wanted === undefined ? existing.expiresAt : Math.min(wanted, existing.expiresAt)
}

/** Since when what a manifest gives is revoked: under another label it would be as well known to whoever has it. */
async function revocationOf(given: ProofSpec, known: readonly Credential[]): Promise<number | undefined> {
  if (given.kind === 'secret' && given.secret === undefined) return undefined
  for (const credential of known) {
    if (credential.revokedAt !== undefined && (await provesTheSame(credential, given))) return credential.revokedAt
  }
  return undefined
}

async function isSame(existing: Credential, given: ProofSpec): Promise<boolean> {
  if (existing.kind === 'secret' && given.kind === 'secret') {
    if ((existing.retrievable !== undefined) !== given.isRetrievable) return false
  }
  return provesTheSame(existing, given)
}

async function provesTheSame(existing: Credential, given: ProofSpec): Promise<boolean> {
  if (existing.kind === 'secret' && given.kind === 'secret') {
    return given.secret === undefined ? existing.hash.kind === 'sha256' : matches(existing.hash, given.secret)
  }
  if (existing.kind === 'keys' && given.kind === 'keys') {
    return isDeepStrictEqual([existing.source, existing.algorithm], [given.source, given.algorithm])
  }
  if (existing.kind === 'certificate' && given.kind === 'certificate')
    return isDeepStrictEqual({ ...existing.matcher }, { ...given.matcher })
  return (
    existing.kind === 'federated' &&
    given.kind === 'federated' &&
    isDeepStrictEqual({ ...existing.trust }, { ...given.trust })
  )
}

async function matches(hash: SecretHash, secret: string): Promise<boolean> {
  if (hash.kind === 'sha256') return hash.digest === sha256(secret)
  return timingSafeEqual(hash.digest, await scryptDigest(secret, hash.parameters))
}

/** A federated credential as a manifest describes it. */
export const toTrust = ({ jwks_uri: jwksUri, jwks, max_age: maxAge, ...trust }: FederatedInput): FederatedTrust =>
  withoutUndefined({ ...trust, jwksUri, jwks: jwks?.keys, maxAge })
