import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { DEFAULT_TENANT, type TenantId } from '../oauth/ids.ts'
import type { RandomBytes } from '../platform/random.ts'
import { UserError } from '../platform/user-error.ts'
import { openBox, sealBox } from './box.ts'

const KEY_BYTES = 32

/** The given master key is not the one in use. */
export class MasterKeyMismatch extends UserError {
  constructor(inUse: string, given: string) {
    super(
      `the database is encrypted under the master key ${inUse}; the one given is ${given}: give ${inUse}, or both to change it; if ${inUse} is lost, run tessera keys repair --master-key-lost`,
    )
  }
}

/** A ciphertext that can't be decrypted. The problem completes a sentence such as "its private part …". */
export interface Undecryptable {
  readonly problem: string
}

/** Something encrypted at rest, and the id of the master key that it was encrypted under. */
export interface Encrypted {
  readonly ciphertext: Buffer
  readonly masterKeyId: string
}

/**
 * The key that encrypts at rest everything that must be read back, with AES-256-GCM. The database never contains it,
 * only the id of the one in use. During a change there are two. Both decrypt, but only the one in use encrypts, so that
 * nodes which have only that one can read new rows.
 */
export class MasterKey {
  /** Distinguishes master keys, and reveals nothing about them. */
  readonly id: string
  readonly #keys: ReadonlyMap<string, KeyObject>
  readonly #random: RandomBytes
  readonly #scope: string
  readonly #derived = new Map<string, Buffer>()

  /**
   * @param bytes 32 random bytes @param previous the previous master key, while its rows must be readable
   * @param tenant the tenant of its rows. A ciphertext or derived key of one tenant is useless at another.
   */
  constructor(bytes: Buffer, random: RandomBytes, previous?: Buffer, tenant: TenantId = DEFAULT_TENANT) {
    // The contexts of the default tenant are those of before there were tenants.
    this.#scope = tenant === DEFAULT_TENANT ? '' : `tenant ${tenant}: `
    this.id = masterKeyId(bytes)
    this.#random = random
    const known = [bytes, ...(previous === undefined ? [] : [previous])]
    this.#keys = new Map(known.map((key) => [masterKeyId(key), createSecretKey(key)]))
  }

  /**
   * Derives one key per master key for a purpose (HKDF, RFC 5869): first from the one in use, then from the other.
   * Every process with these master keys derives the same ones. They reveal nothing about the master key.
   * @param inUse the id of the master key in use; undefined if there is none yet
   */
  derive(purpose: string, inUse?: string): readonly [Buffer, ...Buffer[]] {
    const first = inUse !== undefined && this.has(inUse) ? inUse : this.id
    const others = [...this.#keys.keys()].filter((id) => id !== first)
    return [this.#derive(purpose, first), ...others.map((id) => this.#derive(purpose, id))]
  }

  /** @param inUse undefined if none is in use yet @throws MasterKeyMismatch if neither of these is in use */
  requireFitting(inUse: string | undefined): void {
    this.#keyOf(inUse ?? this.id)
  }

  /**
   * Encrypts under the master key in use.
   * @param context names the record that the ciphertext belongs to; it decrypts under the same context only
   * @param inUse undefined if none is in use yet; then the current one is used
   * @throws MasterKeyMismatch if neither of these is in use
   */
  encrypt(plaintext: Buffer, context: string, inUse: string | undefined): Encrypted {
    const masterKeyId = inUse ?? this.id
    const ciphertext = sealBox(plaintext, this.#keyOf(masterKeyId), Buffer.from(this.#scope + context), this.#random)
    return { ciphertext, masterKeyId }
  }

  /** Whether one of these master keys has this id. */
  has(id: string): boolean {
    return this.#keys.has(id)
  }

  /** Decrypts a ciphertext, or says why it can't. */
  decrypt({ ciphertext, masterKeyId: id }: Encrypted, context: string): Buffer | Undecryptable {
    const key = this.#keys.get(id)
    if (key === undefined) return { problem: `is encrypted under the master key ${id}, which was not given` }
    const problem = 'can not be decrypted: it is damaged, or belongs to another record'
    return openBox(ciphertext, key, Buffer.from(this.#scope + context)) ?? { problem }
  }

  #derive(purpose: string, id: string): Buffer {
    const name = `${id} ${purpose}`
    const derived =
      this.#derived.get(name) ??
      Buffer.from(hkdfSync('sha256', this.#keyOf(id), '', `tessera ${this.#scope}${purpose}`, KEY_BYTES))
    this.#derived.set(name, derived)
    return derived
  }

  #keyOf(id: string): KeyObject {
    const key = this.#keys.get(id)
    if (key === undefined) throw new MasterKeyMismatch(id, [...this.#keys.keys()].join(' and '))
    return key
  }
}

const masterKeyId = (bytes: Buffer): string =>
  createHmac('sha256', bytes).update('tessera master key id').digest('hex').slice(0, 12)

/**
 * Parses the text form of a master key: 32 bytes in base64, base64url or hexadecimal.
 * @returns undefined if the text is none of these
 */
export function parseMasterKey(text: string): Buffer | undefined {
  const trimmed = text.trim()
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, 'hex')
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return undefined
  const bytes = Buffer.from(trimmed, 'base64')
  return bytes.length === KEY_BYTES ? bytes : undefined
}

/** The first bytes of each master key of `tessera dev`, so that its text begins with these letters. 184 random bits follow. */
const DEVELOPMENT = Buffer.from('tessera/dev/', 'base64')

/** Generates a master key for development, as text for a file. */
export const developmentMasterKey = (random: RandomBytes): string =>
  Buffer.concat([DEVELOPMENT, random(KEY_BYTES - DEVELOPMENT.length)]).toString('base64')

/** Whether `tessera dev` made a master key. Servers in production refuse it, so that no key under it ever signs there. */
export const isDevelopmentKey = (bytes: Buffer): boolean => bytes.subarray(0, DEVELOPMENT.length).equals(DEVELOPMENT)
