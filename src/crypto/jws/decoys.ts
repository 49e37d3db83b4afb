import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { AsymmetricAlgorithm, VerificationKey } from './algorithms.ts'
import { RSA_BYTES } from './key-material.ts'

const decoys = new Map<string, VerificationKey>()

/**
 * Nobody's key, for a check that only takes the time of a real one. An RSA key gets the size of the signature, since a
 * check by a key of another size ends at once.
 * @returns undefined if no key could have made a signature of this length
 */
export function decoyKey(alg: AsymmetricAlgorithm, signatureBytes: number): VerificationKey | undefined {
  const isRsa = alg.startsWith('RS') || alg.startsWith('PS')
  if (isRsa && (signatureBytes < RSA_BYTES.least || signatureBytes > RSA_BYTES.most)) return undefined
  const name = isRsa ? `RSA ${signatureBytes}` : alg
  const known = decoys.get(name)
  if (known !== undefined) return known
  const decoy = isRsa ? rsaDecoy(signatureBytes) : makeDecoy(alg)
  decoys.set(name, decoy)
  return decoy
}

/** Uses any odd number as the modulus, since generating an RSA key takes a tenth of a second. */
function rsaDecoy(bytes: number): VerificationKey {
  const n = createHash('shake256', { outputLength: bytes }).update('a modulus of nobody').digest()
  n.writeUInt8(n.readUInt8(0) | 0x80, 0)
  n.writeUInt8(n.readUInt8(bytes - 1) | 1, bytes - 1)
  const key = { kty: 'RSA', n: n.toString('base64url'), e: 'AQAB' }
  return decoyOf('RSA', undefined, createPublicKey({ key, format: 'jwk' }), bytes)
}

function makeDecoy(alg: AsymmetricAlgorithm): VerificationKey {
  switch (alg) {
    case 'ES256':
      return decoyOf('EC', 'P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey, 64)
    case 'ES384':
      return decoyOf('EC', 'P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey, 96)
    case 'ES512':
      return decoyOf('EC', 'P-521', generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey, 132)
    default:
      return decoyOf('OKP', 'Ed25519', generateKeyPairSync('ed25519').publicKey, 64)
  }
}

const decoyOf = (
  kty: VerificationKey['kty'],
  crv: string | undefined,
  keyObject: KeyObject,
  signatureBytes: number,
): VerificationKey => ({ kty, crv, keyObject, signatureBytes })
