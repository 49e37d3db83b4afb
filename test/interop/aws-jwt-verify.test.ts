import { JwtVerifier } from 'aws-jwt-verify'
import {
  JwtExpiredError,
  JwtInvalidAudienceError,
  JwtInvalidScopeError,
  JwtInvalidSignatureAlgorithmError,
  JwtInvalidSignatureError,
  KidNotFoundInJwksError,
} from 'aws-jwt-verify/error'
import { describe, expect, test } from 'vitest'
import { AUDIENCE } from '../harness/library-setting.ts'
import type { TestServer } from '../harness/server.ts'
import { testVerifier } from './verifier-contract.ts'

const verifierFor = ({ issuer }: TestServer, audience: string) =>
  JwtVerifier.create({ issuer, audience, jwksUri: `${issuer}/pf/JWKS` })

const ways = [
  {
    name: 'with jwksUri',
    verify: (server: TestServer, token: string, audience: string) => verifierFor(server, audience).verify(token),
  },
  {
    name: 'with the key set that it finds by itself',
    verify: ({ issuer }: TestServer, token: string, audience: string) =>
      JwtVerifier.create({ issuer, audience }).verify(token),
  },
]

const refusals = {
  otherAudience: { constructor: JwtInvalidAudienceError },
  forged: { constructor: JwtInvalidSignatureError },
  expired: { constructor: JwtExpiredError },
}

describe('ES256, without a change of the preset', () => {
  const { server, issue } = testVerifier({ token: '{ preset: aws-jwt-verify }', ways, refusals })

  test('reports a missing scope', async () => {
    const verifier = verifierFor(server(), AUDIENCE)
    const token = await issue()
    await expect(verifier.verify(token, { scope: 'read' })).rejects.toMatchObject({ constructor: JwtInvalidScopeError })
    expect(await verifier.verify(token, { scope: ['edit', 'read'] })).toMatchObject({ scope: 'edit' })
  })

  test('still verifies with known keys after a token under an unpublished one', async () => {
    const verifier = verifierFor(server(), AUDIENCE)
    const [, payload, signature] = (await issue()).split('.')
    const header = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: 'unknown' })).toString('base64url')
    const verifying = verifier.verify(`${header}.${payload}.${signature}`)
    await expect(verifying).rejects.toMatchObject({ constructor: KidNotFoundInJwksError })
    expect(await verifier.verify(await issue())).toMatchObject({ scope: 'edit' })
  })
})

describe.each(['EdDSA', 'RS256'])('%s', (algorithm) => {
  testVerifier({ token: `{ preset: aws-jwt-verify, algorithm: ${algorithm} }`, ways, refusals })
})

describe('PS256, of which the preset warns', () => {
  const { server, issue } = testVerifier({ token: '{ algorithm: PS256 }', ways: [], refusals })

  test('is refused', async () => {
    const verifying = verifierFor(server(), AUDIENCE).verify(await issue())
    await expect(verifying).rejects.toMatchObject({ constructor: JwtInvalidSignatureAlgorithmError })
  })
})
