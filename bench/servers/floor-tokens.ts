import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { signatureAlgorithms } from '../../src/keys/algorithms.ts'
import { createBatchSigner } from '../../src/keys/batch-signer.ts'
import { KeyId } from '../../src/oauth/ids.ts'
import { activeAnswer, claimsOf } from '../fleet.ts'

/** The least work on tokens that any server has to do. */
export interface FloorTokens {
  /** The key set, as JSON. */
  readonly keySet: string
  issue(scope: string): Promise<string>
  /**
   * @param body the form of the request
   * @returns JSON
   */
  introspect(body: Buffer): string
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = (part: string) => Buffer.from(part, 'base64url')

/** The floor takes every request for one of this client. */
const clientId = 'client-00001'
const newClaims = () => claimsOf(clientId, randomUUID(), Math.floor(Date.now() / 1000))

const keyPairs = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
} as const

/** JWTs under a fresh key. Issuing is one signature, and introspection is one verification. */
export function signedTokens(algorithm: keyof typeof keyPairs): FloorTokens {
  const { privateKey, publicKey } = keyPairs[algorithm]()
  // As long as the thumbprint (RFC 7638) that names a Tessera key.
  const kid = KeyId(randomBytes(32).toString('base64url'))
  const signer = createBatchSigner(kid, algorithm, privateKey)
  const header = encode({ alg: algorithm, typ: 'at+jwt', kid })
  const { verify } = signatureAlgorithms[algorithm]
  return {
    keySet: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' }] }),
    async issue(scope) {
      return signer.sign(`${header}.${encode({ ...newClaims(), scope })}`)
    },
    introspect(body) {
      const token = new URLSearchParams(body.toString()).get('token') ?? ''
      const end = token.lastIndexOf('.')
      const isGood = verify(token.slice(0, end), publicKey, decode(token.slice(end + 1)))
      const payload = token.slice(token.indexOf('.') + 1, end)
      return JSON.stringify(isGood ? activeAnswer(JSON.parse(decode(payload).toString())) : { active: false })
    },
  }
}

/** The bytes that sealing adds: key reference, salt, nonce and tag. */
const OVERHEAD_BYTES = 6 + 16 + 12 + 16
const CHECKSUM_CHARACTERS = 6

/** Random bytes of the size of a sealed token. Introspection always gives one answer of the right size. */
export function bareTokens(): FloorTokens {
  const bytes = OVERHEAD_BYTES + JSON.stringify(newClaims()).length
  const answer = JSON.stringify(activeAnswer(newClaims()))
  return {
    keySet: '{"keys":[]}',
    issue: async () => `tsa_${randomBytes(bytes).toString('base64url')}${'0'.repeat(CHECKSUM_CHARACTERS)}`,
    introspect: () => answer,
  }
}
