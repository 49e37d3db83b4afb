import { createPrivateKey, createPublicKey, hash, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import type { Change } from '../changes/feed.ts'
import { KeyId } from '../oauth/ids.ts'
import type { Clock } from '../platform/clock.ts'
import { UserError } from '../platform/user-error.ts'
import { type Algorithm, algorithms } from './algorithms.ts'
import { createBatchSigner, type Signer } from './batch-signer.ts'
import type { MasterKey } from './master-key.ts'
import type { KeyStore, StoredKey } from './store.ts'

/** The key set as it is served (RFC 7517 §5). */
interface PublishedKeys {
  readonly body: string
  /** A strong validator (RFC 9110 §8.8.3). */
  readonly etag: string
}

interface Keys {
  readonly signers: ReadonlyMap<Algorithm, Signer>
  readonly published: PublishedKeys
}

/** The keys in use, in memory; the rows of the store are the truth. */
export class Keyring {
  readonly #store: KeyStore
  readonly #masterKey: MasterKey
  #keys: Keys

  /**
   * Loads the keys, having made the first one where there is none.
   * @throws MasterKeyMismatch where the stored keys were encrypted under another master key
   */
  static async open(store: KeyStore, masterKey: MasterKey, clock: Clock): Promise<Keyring> {
    if ((await store.listKeys()).length === 0) await store.addFirstKey(await generateKey('ES256', masterKey, clock))
    return new Keyring(store, masterKey, await loadKeys(store, masterKey))
  }

  private constructor(store: KeyStore, masterKey: MasterKey, keys: Keys) {
    this.#store = store
    this.#masterKey = masterKey
    this.#keys = keys
  }

  /** What signs new tokens of this algorithm. */
  signer(algorithm: Algorithm): Signer {
    const signer = this.#keys.signers.get(algorithm)
    if (signer === undefined) throw new Error(`there is no ${algorithm} key`)
    return signer
  }

  get published(): PublishedKeys {
    return this.#keys.published
  }

  async apply(changes: readonly Change[]): Promise<void> {
    if (changes.some((change) => change.kind === 'key')) await this.reset()
  }

  async reset(): Promise<void> {
    this.#keys = await loadKeys(this.#store, this.#masterKey)
  }
}

/** The master key given is not the one the database was encrypted under. */
class MasterKeyMismatch extends UserError {}

const encryptionContext = (kid: KeyId, algorithm: Algorithm): string => `signing key ${kid} ${algorithm}`

async function generateKey(algorithm: Algorithm, masterKey: MasterKey, clock: Clock): Promise<StoredKey> {
  const { privateKey, publicKey } = algorithms[algorithm].generate()
  const kid = KeyId(await calculateJwkThumbprint(publicJwk(publicKey)))
  const plaintext = privateKey.export({ type: 'pkcs8', format: 'der' })
  return {
    kid,
    algorithm,
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    encryptedPrivateKey: masterKey.encrypt(plaintext, encryptionContext(kid, algorithm)),
    createdAt: clock.now(),
  }
}

async function loadKeys(store: KeyStore, masterKey: MasterKey): Promise<Keys> {
  const stored = await store.listKeys()
  const signers = new Map<Algorithm, Signer>()
  for (const key of stored) {
    if (signers.has(key.algorithm)) continue
    signers.set(key.algorithm, createBatchSigner(key.kid, key.algorithm, decryptPrivateKey(key, masterKey)))
  }
  return { signers, published: publish(stored) }
}

function decryptPrivateKey({ kid, algorithm, encryptedPrivateKey }: StoredKey, masterKey: MasterKey): KeyObject {
  let der: Buffer
  try {
    der = masterKey.decrypt(encryptedPrivateKey, encryptionContext(kid, algorithm))
  } catch (cause) {
    throw new MasterKeyMismatch(`signing key ${kid} was encrypted under another master key`, { cause })
  }
  return createPrivateKey({ key: der, type: 'pkcs8', format: 'der' })
}

const publicJwk = (key: KeyObject): JWK => key.export({ format: 'jwk' })

function publish(stored: readonly StoredKey[]): PublishedKeys {
  const keys = stored.map(({ kid, algorithm, publicKey }) => ({
    ...publicJwk(createPublicKey({ key: publicKey, type: 'spki', format: 'der' })),
    kid,
    use: 'sig',
    alg: algorithm,
  }))
  const body = JSON.stringify({ keys })
  return { body, etag: `"${hash('sha256', body, 'base64url')}"` }
}
