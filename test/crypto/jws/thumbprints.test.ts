import { createPublicKey, hash, randomBytes, type webcrypto } from 'node:crypto'
import { expect, test } from 'vitest'
import { MasterKey } from '../../../src/crypto/master-key.ts'
import { signingAlgorithms } from '../../../src/oauth/algorithms.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import { newCandidate } from '../../harness/keys.ts'
import { RFC7638_RSA, RFC8037_OKP } from './keys.ts'

/** The members of a thumbprint: RFC 7638 §3.2, RFC 8037 §2. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
}

/** A second implementation of RFC 7638 §3. */
function thumbprint(key: webcrypto.JsonWebKey): string {
  const members = MEMBERS[key.kty ?? ''] ?? []
  const required = Object.entries(key).filter(([name]) => members.includes(name))
  return hash('sha256', JSON.stringify(Object.fromEntries(required.sort())), 'base64url')
}

test.each([
  ['RFC 7638 §3.1', RFC7638_RSA, 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'],
  ['RFC 8037 Appendix A.3', RFC8037_OKP, 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'],
])('%s', (_name, key, expected) => {
  expect(thumbprint(key)).toBe(expected)
})

test.each(signingAlgorithms)('the kid of our key is its thumbprint: %s', async (algorithm) => {
  const { kid, publicKey } = await newCandidate(algorithm, new MasterKey(randomBytes(32), systemRandom))
  const key = createPublicKey({ key: publicKey ?? Buffer.alloc(0), type: 'spki', format: 'der' })
  expect(kid).toBe(thumbprint(key.export({ format: 'jwk' })))
})

test('no kid begins with a hyphen, which a command would take for an option', async () => {
  const masterKey = new MasterKey(randomBytes(32), systemRandom)
  // With random kids, all of this many would pass by chance in only one run of a thousand.
  for (let made = 0; made < 450; made += 1) {
    expect((await newCandidate('ES256', masterKey)).kid).not.toMatch(/^-/)
  }
})
