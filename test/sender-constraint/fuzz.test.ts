import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { parseCompact } from '../../src/crypto/jws/compact.ts'
import { Refusal } from '../../src/oauth/refusal.ts'
import { checkDpopProof } from '../../src/sender-constraint/dpop.ts'
import { fuzz } from '../harness/fuzz.ts'
import { anyText, mutated } from '../harness/mutations.ts'
import { encode, signWith } from '../harness/tokens.ts'
import { CLAIMS, context, makeProof, nonces, signer } from './proofs.ts'

const seeds = await Promise.all([makeProof(), makeProof({ jti: 'b', nonce: nonces.current() })])
const genuine = seeds.map((seed) => parseCompact(seed).claims)

async function expectOnlyGenuine(header: string | readonly string[]): Promise<void> {
  try {
    await checkDpopProof(header, context())
  } catch (error) {
    if (error instanceof Refusal && (error.code === 'invalid_dpop_proof' || error.code === 'use_dpop_nonce')) return
    throw error
  }
  const { claims } = parseCompact(String(header))
  if (!genuine.some((one) => isDeepStrictEqual(one, claims))) throw new Error(`took ${header}`)
}

fuzz('a changed proof is refused, or still has its content', 0.3, mutated(seeds), expectOnlyGenuine)
fuzz('text is refused', 0.1, anyText, expectOnlyGenuine)

const odd = fc.tuple(
  fc.constantFrom('jti', 'htm', 'htu', 'iat', 'nonce', 'ath'),
  fc.oneof(fc.jsonValue(), fc.double(), fc.webUrl()),
)
fuzz(
  'a signed proof with an odd claim is accepted or refused, and causes no other error',
  0.1,
  odd,
  async ([name, value]) => {
    const proof = await signWith(signer, { ...CLAIMS, [name]: value }, { typ: 'dpop+jwt', jwk: signer.publicJwk })
    await checkDpopProof(proof, context()).catch((error: unknown) => {
      if (!(error instanceof Refusal)) throw error
    })
  },
)

fuzz('a header with an odd key is refused', 0.1, fc.jsonValue(), (jwk) => {
  const header = encode(JSON.stringify({ alg: 'ES256', typ: 'dpop+jwt', jwk }))
  return expectOnlyGenuine(`${header}.${encode(JSON.stringify(CLAIMS))}.${encode(Buffer.alloc(64, 1))}`)
})
