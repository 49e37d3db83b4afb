import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { jwkThumbprint } from '../../crypto/jws/thumbprint.ts'
import type { Encrypted, MasterKey } from '../../crypto/master-key.ts'
import { keyText } from './statements.ts'

/** A key that signs checkpoints: Ed25519. The last one is in use. */
export interface AuditKey {
  /** Counts from 1. */
  readonly number: number
  /** The thumbprint of the public key (RFC 7638 §3). */
  readonly kid: string
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer
  /** PKCS #8, DER, encrypted; undefined once another key is in use. */
  readonly encrypted: Encrypted | undefined
  readonly createdAt: number
  /** JSON: the `kid`, and that of the previous key. */
  readonly statement: string
  /** By the key itself, which so vouches for its predecessor. */
  readonly signature: Buffer
  /** By the previous key; undefined if there was none, or it was lost. */
  readonly previousSignature: Buffer | undefined
}

/** Signs texts with the key in use, and verifies those of all trusted keys. */
export interface Seal {
  readonly kid: string
  sign(text: string): Buffer
  isSigned(text: string, kid: string, signature: Uint8Array): boolean
}

/** The context under which the private part is encrypted. */
export const auditKeyContext = (kid: string): string => `audit key ${kid}`

const signText = (text: string, key: KeyObject): Buffer => sign(null, Buffer.from(text), key)

export const isSignedBy = (key: KeyObject, text: string, signature: Uint8Array): boolean =>
  verify(null, Buffer.from(text), key, signature)

interface Making {
  readonly masterKey: MasterKey
  /** The id of the master key in use. */
  readonly inUse: string | undefined
  /** Milliseconds. */
  readonly now: number
}

/**
 * Makes the next key. Both keys sign that it follows, so that a person who trusts either of them can trust the other.
 * @param previous the key in use, and its seal; no seal if its private part is lost
 * @throws MasterKeyMismatch
 */
export function makeAuditKey(
  { masterKey, inUse, now }: Making,
  previous?: { readonly key: AuditKey; readonly seal: Pick<Seal, 'sign'> | undefined },
): AuditKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const kid = kidOf(publicKey)
  const statement = JSON.stringify({ kid, previous: previous?.key.kid ?? null, at: new Date(now).toISOString() })
  const plaintext = privateKey.export({ type: 'pkcs8', format: 'der' })
  return {
    number: (previous?.key.number ?? 0) + 1,
    kid,
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    encrypted: masterKey.encrypt(plaintext, auditKeyContext(kid), inUse),
    createdAt: now,
    statement,
    signature: signText(keyText(statement), privateKey),
    previousSignature: previous?.seal?.sign(keyText(statement)),
  }
}

const kidOf = (publicKey: KeyObject): string => jwkThumbprint({ ...publicKey.export({ format: 'jwk' }) })

/** The public part of a key; undefined if it is not the one that the `kid` names. */
function publicKeyOf({ kid, publicKey }: Pick<AuditKey, 'kid' | 'publicKey'>): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: publicKey, type: 'spki', format: 'der' })
    return kidOf(key) === kid ? key : undefined
  } catch {
    return undefined
  }
}

/** Whether a key has its own thumbprint, and has signed its statement. */
export function isWhole(key: AuditKey): boolean {
  const own = publicKeyOf(key)
  return own !== undefined && named(key)['kid'] === key.kid && isSignedBy(own, keyText(key.statement), key.signature)
}

/**
 * Opens the key in use.
 * @param keys all keys, by number
 * @returns its seal, or why there is none
 */
export function openSeal(keys: readonly AuditKey[], masterKey: MasterKey): Seal | { readonly problem: string } {
  const last = keys.at(-1)
  if (last?.encrypted === undefined) return { problem: 'there is no key for the audit log' }
  const opened = masterKey.decrypt(last.encrypted, auditKeyContext(last.kid))
  if (!Buffer.isBuffer(opened)) return { problem: `the private part of the audit key ${last.kid} ${opened.problem}` }
  const privateKey = privateKeyOf(opened)
  if (privateKey === undefined || kidOf(createPublicKey(privateKey)) !== last.kid)
    return { problem: `the private part of the audit key ${last.kid} is not its own` }
  const trusted = trustedKeys(keys, last.kid)
  return {
    kid: last.kid,
    sign: (text) => signText(text, privateKey),
    isSigned: (text, kid, signature) => {
      const key = trusted.get(kid)
      return key !== undefined && isSignedBy(key, text, signature)
    },
  }
}

function privateKeyOf(der: Buffer): KeyObject | undefined {
  try {
    return createPrivateKey({ key: der, type: 'pkcs8', format: 'der' })
  } catch {
    return undefined
  }
}

/**
 * The keys that a trusted one vouches for, and itself: earlier ones that each successor names, and later ones that each predecessor
 * has signed.
 * @param keys all keys, by number
 */
export function trustedKeys(keys: readonly AuditKey[], kid: string): ReadonlyMap<string, KeyObject> {
  const at = keys.findIndex((key) => key.kid === kid)
  const start = keys[at]
  const own = start && publicKeyOf(start)
  if (start === undefined || own === undefined) return new Map()
  const trusted = new Map([[kid, own]])
  for (let index = at, key = own; index > 0; index -= 1) {
    const [young, old] = [keys[index], keys[index - 1]]
    const next = old && publicKeyOf(old)
    if (young === undefined || old === undefined || next === undefined) break
    if (previousOf(young) !== old.kid || !isSignedBy(key, keyText(young.statement), young.signature)) break
    trusted.set(old.kid, next)
    key = next
  }
  for (let index = at + 1, key = own; index < keys.length; index += 1) {
    const young = keys[index]
    const next = young && publicKeyOf(young)
    if (young?.previousSignature === undefined || next === undefined) break
    const text = keyText(young.statement)
    if (named(young)['kid'] !== young.kid || !isSignedBy(key, text, young.previousSignature)) break
    trusted.set(young.kid, next)
    key = next
  }
  return trusted
}

const previousOf = (key: AuditKey): unknown => named(key)['previous']

function named({ statement }: AuditKey): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(statement)
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  } catch {
    return {}
  }
}
