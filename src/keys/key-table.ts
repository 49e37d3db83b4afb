import { hash, type KeyObject } from 'node:crypto'
import type { SigningAlgorithm } from '../oauth/algorithms.ts'
import type { KeyId } from '../oauth/ids.ts'
import { type KeyAlgorithm, SEALING } from './algorithms.ts'
import { createBatchSigner, type Signer } from './batch-signer.ts'
import { readPublicKey, type VerificationKey } from './open-key.ts'
import type { KeyRows, StoredKey, UnreadableKey } from './store.ts'

/** The key set as it is served (RFC 7517 §5). */
export interface PublishedKeys {
  readonly body: string
  /** A strong validator (RFC 9110 §8.8.3). */
  readonly etag: string
}

/** A key that seals tokens. */
export interface SealingKey {
  readonly kid: KeyId
  /** The first bytes of the hash of the `kid`. A sealed token names its key by them. */
  readonly reference: Buffer
  readonly secret: Buffer
}

/** The keys as a process uses them. Each row is read separately, so that a broken one does not affect the others. */
export interface KeyTable {
  readonly rows: KeyRows
  /** The `kid`s of keys whose tokens are valid, even if this process can't use the keys. */
  readonly live: ReadonlySet<string>
  readonly signers: ReadonlyMap<SigningAlgorithm, Signer>
  readonly verifiers: ReadonlyMap<string, VerificationKey>
  readonly sealing: SealingKey | undefined
  readonly sealers: ReadonlyMap<string, SealingKey>
  /** The active keys that this process can't use, by algorithm. */
  readonly idle: ReadonlyMap<KeyAlgorithm, UnreadableKey>
  /** The keys whose tokens this process can't check, by `kid` and by the reference in sealed tokens. */
  readonly unverifiable: ReadonlyMap<string, UnreadableKey>
  /** Every key with an unusable part that is needed now or later. */
  readonly problems: readonly UnreadableKey[]
  readonly published: PublishedKeys
}

/** The bytes of a `kid` by which a sealed token names its key. */
export const REFERENCE_BYTES = 6
const referenceOf = (kid: KeyId): Buffer => hash('sha256', kid, 'buffer').subarray(0, REFERENCE_BYTES)

/** Builds the key table from rows. @param open returns the private or secret part of a key, or why it can't be opened */
export function tabulate(rows: KeyRows, open: (key: StoredKey) => KeyObject | UnreadableKey): KeyTable {
  const live = rows.found.filter(({ state }) => state === 'pending' || state === 'active' || state === 'retiring')
  const signers = new Map<SigningAlgorithm, Signer>()
  const verifiers = new Map<string, VerificationKey>()
  const sealers = new Map<string, SealingKey>()
  const idle = new Map<KeyAlgorithm, UnreadableKey>()
  const unverifiable = new Map<string, UnreadableKey>()
  const problems: UnreadableKey[] = []
  let sealing: SealingKey | undefined

  function lack(problem: UnreadableKey): void {
    for (const name of [problem.id, referenceOf(problem.id).toString('hex')]) unverifiable.set(name, problem)
  }

  function addSigning(key: StoredKey, algorithm: SigningAlgorithm): UnreadableKey | undefined {
    const verifier = readPublicKey(key)
    if ('problem' in verifier) {
      lack(verifier)
      return verifier
    }
    verifiers.set(key.kid, verifier)
    const opened = open(key)
    // A retiring key needs no private part. It is opened all the same, for a rollback.
    if ('problem' in opened) return key.state === 'retiring' ? undefined : opened
    if (key.state === 'active') signers.set(algorithm, createBatchSigner(key.kid, algorithm, opened))
    return undefined
  }

  function addSealing(key: StoredKey): UnreadableKey | undefined {
    const opened = open(key)
    if ('problem' in opened) {
      lack(opened)
      return opened
    }
    const sealer = { kid: key.kid, secret: opened.export(), reference: referenceOf(key.kid) }
    sealers.set(sealer.reference.toString('hex'), sealer)
    if (key.state === 'active') sealing = sealer
    return undefined
  }

  for (const key of live) {
    const problem = key.algorithm === SEALING ? addSealing(key) : addSigning(key, key.algorithm)
    if (problem === undefined) continue
    problems.push(problem)
    if (key.state === 'active') idle.set(key.algorithm, problem)
  }
  // Tokens of a revoked key are invalid, so it does not matter that its row can't be read.
  for (const problem of rows.unreadable.filter(({ state }) => state !== 'revoked' && state !== 'gone')) {
    lack(problem)
    problems.push(problem)
  }
  return {
    rows,
    live: new Set(live.map(({ kid }) => kid)),
    signers,
    verifiers,
    sealing,
    sealers,
    idle,
    unverifiable,
    problems,
    published: publish([...verifiers.values()]),
  }
}

function publish(keys: readonly VerificationKey[]): PublishedKeys {
  const jwks = keys.map(({ kid, algorithm, publicKey }) => ({
    ...publicKey.export({ format: 'jwk' }),
    kid,
    use: 'sig',
    alg: algorithm,
  }))
  const body = JSON.stringify({ keys: jwks })
  return { body, etag: `"${hash('sha256', body, 'base64url')}"` }
}
