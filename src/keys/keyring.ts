import { createPrivateKey, createPublicKey, hash, type KeyObject } from 'node:crypto'
import type { Change } from '../changes/feed.ts'
import type { SigningAlgorithm } from '../oauth/algorithms.ts'
import { OAuthError } from '../oauth/error.ts'
import type { KeyId } from '../oauth/ids.ts'
import { type KeyAlgorithm, SEALING } from './algorithms.ts'
import { createBatchSigner, type Signer } from './batch-signer.ts'
import { decryptKey } from './candidate.ts'
import type { MasterKey } from './master-key.ts'
import type { KeyStore, StoredKey } from './store.ts'

/** The key set as it is served (RFC 7517 §5). */
interface PublishedKeys {
  readonly body: string
  /** A strong validator (RFC 9110 §8.8.3). */
  readonly etag: string
}

/** A key that seals tokens. */
export interface SealingKey {
  readonly kid: KeyId
  /** The first bytes of a hash of it, by which a token names it. */
  readonly reference: Buffer
  readonly secret: Buffer
}

/** What verifies tokens of ours that a key has signed. */
export interface VerificationKey {
  readonly kid: KeyId
  readonly algorithm: SigningAlgorithm
  readonly publicKey: KeyObject
}

interface Keys {
  readonly stored: readonly StoredKey[]
  readonly live: ReadonlySet<KeyId>
  readonly signers: ReadonlyMap<SigningAlgorithm, Signer>
  readonly verifiers: ReadonlyMap<string, VerificationKey>
  readonly sealing: SealingKey | undefined
  readonly sealers: ReadonlyMap<string, SealingKey>
  readonly published: PublishedKeys
}

const REFERENCE_BYTES = 6
/** How long a request waits for the first key of its algorithm, which all processes publish before it is used. */
const FIRST_KEY_WAIT_MS = 3_000

/** The keys in use, in memory; the rows of the store are the truth. */
export class Keyring {
  readonly #store: KeyStore
  readonly #masterKey: MasterKey
  #opened: ReadonlyMap<KeyId, Buffer> = new Map()
  #keys: Keys
  #waiting: (() => void)[] = []

  /** Loads the keys. @throws UserError where they were encrypted under another master key */
  static async open(store: KeyStore, masterKey: MasterKey): Promise<Keyring> {
    const keyring = new Keyring(store, masterKey)
    await keyring.reset()
    return keyring
  }

  private constructor(store: KeyStore, masterKey: MasterKey) {
    this.#store = store
    this.#masterKey = masterKey
    this.#keys = render([], new Map())
  }

  /** All keys but those that are gone. */
  get stored(): readonly StoredKey[] {
    return this.#keys.stored
  }

  get published(): PublishedKeys {
    return this.#keys.published
  }

  /** What signs new tokens of this algorithm. @throws OAuthError `no_signing_key` where none comes within seconds */
  signer(algorithm: SigningAlgorithm): Signer | Promise<Signer> {
    return this.#keys.signers.get(algorithm) ?? this.#wait(() => this.#keys.signers.get(algorithm))
  }

  /** What seals new tokens. @throws OAuthError as `signer` does */
  sealingKey(): SealingKey | Promise<SealingKey> {
    return this.#keys.sealing ?? this.#wait(() => this.#keys.sealing)
  }

  /** The key that verifies what `kid` has signed; undefined for one that was revoked, is gone, or never was ours. */
  verificationKey(kid: string): VerificationKey | undefined {
    return this.#keys.verifiers.get(kid)
  }

  /** Whether what this key has signed or sealed counts. */
  isLive(kid: KeyId): boolean {
    return this.#keys.live.has(kid)
  }

  /** The key that a sealed token names. */
  sealingKeyOf(reference: Buffer): SealingKey | undefined {
    return this.#keys.sealers.get(reference.toString('hex'))
  }

  async apply(changes: readonly Change[]): Promise<void> {
    if (changes.some((change) => change.kind === 'key')) await this.reset()
  }

  async reset(): Promise<void> {
    const stored = await this.#store.listKeys()
    // A key that this process has once read it can go on using, whatever master key its row is under by now.
    const opened = new Map(
      stored.map((key) => [key.kid, this.#opened.get(key.kid) ?? decryptKey(key, this.#masterKey)]),
    )
    this.#keys = render(stored, opened)
    this.#opened = opened
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }

  async #wait<Key>(find: () => Key | undefined): Promise<Key> {
    const late = AbortSignal.timeout(FIRST_KEY_WAIT_MS)
    while (!late.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
        late.addEventListener('abort', () => resolve(), { once: true })
      })
      const found = find()
      if (found !== undefined) return found
    }
    throw new OAuthError('no_signing_key')
  }
}

function render(stored: readonly StoredKey[], opened: ReadonlyMap<KeyId, Buffer>): Keys {
  const open = ({ kid }: StoredKey): Buffer => opened.get(kid) ?? Buffer.alloc(0)
  const live = stored.filter(({ state }) => state === 'pending' || state === 'active' || state === 'retiring')
  const signing = live.flatMap((key) => toVerificationKey(key) ?? [])
  const sealing = live.filter(({ algorithm }) => algorithm === SEALING)
  const sealers = sealing.map((key) => toSealingKey(key, open(key)))
  const activeKid = (algorithm: KeyAlgorithm) =>
    live.find((key) => key.algorithm === algorithm && key.state === 'active')?.kid
  const signers = live
    .filter((key) => key.state === 'active')
    .flatMap((key): [SigningAlgorithm, Signer][] =>
      key.algorithm === SEALING ? [] : [[key.algorithm, toSigner(key.kid, key.algorithm, open(key))]],
    )
  return {
    stored,
    live: new Set(live.map(({ kid }) => kid)),
    signers: new Map(signers),
    verifiers: new Map(signing.map((key) => [key.kid, key])),
    sealing: sealers.find(({ kid }) => kid === activeKid(SEALING)),
    sealers: new Map(sealers.map((key) => [key.reference.toString('hex'), key])),
    published: publish(signing),
  }
}

const toSigner = (kid: KeyId, algorithm: SigningAlgorithm, der: Buffer): Signer =>
  createBatchSigner(kid, algorithm, createPrivateKey({ key: der, type: 'pkcs8', format: 'der' }))

function toVerificationKey({ kid, algorithm, publicKey }: StoredKey): VerificationKey | undefined {
  if (algorithm === SEALING || publicKey === undefined) return undefined
  return { kid, algorithm, publicKey: createPublicKey({ key: publicKey, type: 'spki', format: 'der' }) }
}

const toSealingKey = ({ kid }: StoredKey, secret: Buffer): SealingKey => ({
  kid,
  secret,
  reference: hash('sha256', kid, 'buffer').subarray(0, REFERENCE_BYTES),
})

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
