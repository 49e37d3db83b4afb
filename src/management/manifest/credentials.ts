import { isDeepStrictEqual } from 'node:util'
import type { RemovedCredential } from '../../model/client.ts'
import type { Credential } from '../../model/credentials/credential.ts'
import { isImported, matchesHash, sha256 } from '../../model/credentials/secret-hash.ts'
import type { CredentialId } from '../../oauth/ids.ts'
import {
  type CredentialMaker,
  type MadeCredential,
  makeCredential,
  type ProofSpec,
  requireUsable,
} from '../credentials/make.ts'
import { proofOf } from '../credentials/proof.ts'
import { type CredentialInput, expiryOf } from '../schemas/credential.ts'

/** The secret of a credential, and the origin of the credential. */
interface Source {
  /** The secret that the manifest gives; undefined if it is to be generated. A generated secret stays the same once it exists. */
  readonly secret: string | undefined
  /** Whether the manifest gives a secret that is not known here. One of the same label then counts as the same. */
  readonly isUnknown: boolean
  readonly generate: () => string
  /** Whether the credential is neither written nor compared, so that its secret need not be hashed. */
  readonly isTrial: boolean
  readonly origin: 'manifest' | 'command' | 'sample'
}

/** The present and the ended credentials of a client. */
interface Siblings {
  readonly before: readonly Credential[]
  /** The credentials that an operator has removed. */
  readonly removed: readonly RemovedCredential[]
  /** The revoked credentials that the manifest no longer named. */
  readonly revoked: readonly Credential[]
}

interface PlannedCredential extends MadeCredential {
  /** The revoked credential of the same secret or key, whose mark the new one bears. */
  readonly marked?: CredentialId
}

/**
 * Plans one credential of the manifest. If the client has the same credential already, it is kept.
 * @returns the record of the removal if an operator has removed the same credential, which is then not made again
 * @throws CredentialError if the manifest's values can't be a credential
 */
export async function planCredential(
  maker: CredentialMaker,
  wanted: CredentialInput,
  { secret, isUnknown, generate, isTrial, origin }: Source,
  { before, removed, revoked }: Siblings,
): Promise<PlannedCredential | RemovedCredential> {
  const existing = findExisting(wanted, before)
  const given = proofOf(wanted, secret)
  const expiry = (createdAt: number) => (wanted.expires === undefined ? undefined : expiryOf(wanted.expires, createdAt))
  if (existing !== undefined && (isUnknown ? existing.kind === 'secret' : await isSame(maker, existing, given))) {
    const expiresAt = keptExpiry(existing, expiry(existing.createdAt), before)
    const life = { label: wanted.label, origin: 'manifest' as const, expiresAt }
    return { credential: { ...existing, ...life }, generated: undefined }
  }
  const away = removed.find(({ credential: { label } }) => label === wanted.label)
  if (away !== undefined && existing?.origin !== 'manifest' && (await provesTheSame(maker, away.credential, given)))
    return away
  const terms = { label: wanted.label, origin, expiresAt: expiry(maker.clock.now()) }
  const generated = given.kind === 'secret' && given.secret === undefined ? generate() : undefined
  const made = generated === undefined ? (isTrial ? unhashed(given) : given) : { ...given, secret: generated }
  const { credential } = await makeCredential(maker, made, terms, before)
  const twin = await revokedTwin(maker, given, [...before, ...removed.map((one) => one.credential), ...revoked])
  return {
    credential: { ...credential, expiresAt: expiry(credential.createdAt), revokedAt: twin?.revokedAt },
    generated: isUnknown ? undefined : generated,
    ...(twin !== undefined && { marked: twin.id }),
  }
}

/** A generated secret in place of a usable chosen one, whose hash would cost as much as a wrong guess. @throws CredentialError */
function unhashed(given: ProofSpec): ProofSpec {
  requireUsable(given)
  return given.kind === 'secret' ? { ...given, secret: undefined } : given
}

/**
 * The credential that a manifest means: by its label, or its former label. One that a command has made counts if the manifest has none of
 * that label, as after a rotation or in an exported manifest.
 */
function findExisting(
  { label, renamed_from: former }: Pick<CredentialInput, 'label' | 'renamed_from'>,
  before: readonly Credential[],
): Credential | undefined {
  const of = (name: string, origin: Credential['origin']) =>
    before.find((one) => one.label === name && one.origin === origin)
  return of(label, 'manifest') ?? (former === undefined ? undefined : of(former, 'manifest')) ?? of(label, 'command')
}

/** The expiry to keep: a manifest can't lengthen a life that a rotation has shortened, even if the successor was removed. */
function keptExpiry(existing: Credential, wanted: number | undefined, before: readonly Credential[]) {
  const wasRotated = before.some(({ replaces }) => replaces?.id === existing.id)
  if (!wasRotated || existing.expiresAt === undefined) return wanted
  return wanted === undefined ? existing.expiresAt : Math.min(wanted, existing.expiresAt)
}

/** The revoked credential of the same secret, key or certificate. Another label doesn't help: a thief still has it. */
async function revokedTwin(
  maker: CredentialMaker,
  given: ProofSpec,
  known: readonly Credential[],
): Promise<Credential | undefined> {
  if (given.kind === 'secret' && given.secret === undefined) return undefined
  for (const credential of known) {
    if (credential.revokedAt !== undefined && (await provesTheSame(maker, credential, given))) return credential
  }
  return undefined
}

async function isSame(maker: CredentialMaker, existing: Credential, given: ProofSpec): Promise<boolean> {
  if (existing.kind === 'secret' && given.kind === 'secret') {
    if ((existing.retrievable !== undefined) !== given.isRetrievable) return false
  }
  return provesTheSame(maker, existing, given)
}

async function provesTheSame({ inTurn }: CredentialMaker, existing: Credential, given: ProofSpec): Promise<boolean> {
  if (existing.kind === 'secret' && given.kind === 'secret') {
    const { hash } = existing
    const { secret } = given
    if (secret === undefined) return hash.kind === 'sha256'
    return hash.kind === 'sha256' ? matchesHash(hash, secret) : inTurn(() => matchesHash(hash, secret))
  }
  if (existing.kind === 'secret' && given.kind === 'imported') {
    const { hash, imported } = existing
    return isImported(hash) ? hash.text === given.hash.text : imported === sha256(given.hash.text)
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
