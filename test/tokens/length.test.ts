import { expect, test } from 'vitest'
import { generateKey } from '../../src/keys/algorithms.ts'
import { createBatchSigner } from '../../src/keys/batch-signer.ts'
import { kidOf } from '../../src/keys/candidate.ts'
import { REFERENCE_BYTES } from '../../src/keys/key-table.ts'
import { signingAlgorithms } from '../../src/oauth/algorithms.ts'
import { KeyId } from '../../src/oauth/ids.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { signJwt } from '../../src/tokens/jwt.ts'
import { lengthOf, refuseLong } from '../../src/tokens/length.ts'
import { resolveProfile } from '../../src/tokens/profile.ts'
import { Sealer } from '../../src/tokens/sealed.ts'

/** Contents of all lengths modulo three, with characters of several bytes. */
const contents = ['', 'a', 'ab', 'abc', 'é…𝄞', 'a'.repeat(15_000)].map((text) => ({ text }))

test.each(signingAlgorithms)('the length of a JWT is known before it is signed: %s', async (algorithm) => {
  const { privateKey, publicKey } = await generateKey(algorithm)
  if (publicKey === undefined) throw new Error('a signing key has a public part')
  const signer = createBatchSigner(kidOf(publicKey), algorithm, privateKey)
  for (const typ of ['at+jwt', 'JWT'] as const)
    for (const claims of contents) {
      const token = await signJwt(signer, typ, claims)
      expect(lengthOf(resolveProfile({ algorithm, typ }), claims)).toBe(token.length)
    }
})

test('the length of a sealed token is known before it is sealed', async () => {
  const sealer = new Sealer(systemRandom)
  const key = { kid: KeyId('k'), reference: Buffer.alloc(REFERENCE_BYTES), secret: Buffer.alloc(32) }
  for (const claims of contents)
    expect(lengthOf(resolveProfile({ format: 'sealed' }), claims)).toBe((await sealer.seal(key, claims)).length)
})

test('a token of 16,000 characters is issued, and a longer one is not', () => {
  expect(() => refuseLong(16_000)).not.toThrow()
  expect(() => refuseLong(16_001)).toThrow(expect.objectContaining({ reason: 'token_too_large' }))
})
