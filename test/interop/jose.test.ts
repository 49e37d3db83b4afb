import { createRemoteJWKSet, jwtVerify } from 'jose'
import { expect, test } from 'vitest'
import type { TestServer } from '../harness/server.ts'
import { testVerifier } from './verifier-contract.ts'

const verifying =
  (keysOf: (server: TestServer) => string | Promise<string>) =>
  async (server: TestServer, token: string, audience: string): Promise<object> => {
    const keys = createRemoteJWKSet(new URL(await keysOf(server)))
    return (await jwtVerify(token, keys, { issuer: server.issuer, audience, typ: 'at+jwt' })).payload
  }

async function discoveredKeys({ issuer }: TestServer): Promise<string> {
  const metadata = await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()
  return (metadata as { jwks_uri: string }).jwks_uri
}

const { server, issue } = testVerifier({
  ways: [
    { name: 'jwks_uri of the metadata', verify: verifying(discoveredKeys) },
    { name: '/.well-known/jwks.json', verify: verifying(({ issuer }) => `${issuer}/.well-known/jwks.json`) },
  ],
  refusals: {
    otherAudience: { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'aud' },
    forged: { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' },
    expired: { code: 'ERR_JWT_EXPIRED' },
  },
})

test('refuses a token under an unpublished key', async () => {
  const [, payload, signature] = (await issue()).split('.')
  const header = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: 'unknown' })).toString('base64url')
  const keys = createRemoteJWKSet(new URL(await discoveredKeys(server())))
  const verifying = jwtVerify(`${header}.${payload}.${signature}`, keys)
  await expect(verifying).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' })
})
