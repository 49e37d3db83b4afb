import * as oauth from 'oauth4webapi'
import { describe, expect } from 'vitest'
import { AUDIENCE, manifestFor, useServer } from '../harness/library-setting.ts'
import type { TestServer } from '../harness/server.ts'
import { challengeOf, withErrorOfChallenge } from './challenge.ts'
import { testClient, type Wanted } from './client-contract.ts'
import { testVerifier } from './verifier-contract.ts'

/** @param algorithm selects one of the two well-known documents */
async function discover({ issuer }: TestServer, algorithm: 'oauth2' | 'oidc'): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer)
  return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm }))
}

const authenticating =
  (algorithm: 'oauth2' | 'oidc', authentication: (secret: string) => oauth.ClientAuth) =>
  async (server: TestServer, { clientId, secret, scope }: Wanted): Promise<string> => {
    const as = await discover(server, algorithm)
    const client = { client_id: clientId }
    const response = await oauth.clientCredentialsGrantRequest(as, client, authentication(secret), { scope })
    const answer = await oauth.processClientCredentialsResponse(as, client, response).catch(withErrorOfChallenge)
    return answer.access_token
  }

const verifying =
  (algorithm: 'oauth2' | 'oidc') =>
  async (server: TestServer, token: string, audience: string): Promise<object> => {
    const request = new Request(audience, { headers: { authorization: `Bearer ${token}` } })
    return oauth.validateJwtAccessToken(await discover(server, algorithm), request, audience)
  }

describe('as a client', () => {
  const server = useServer({ manifest: manifestFor(AUDIENCE) })
  testClient({
    server,
    ways: [
      {
        name: 'oauth-authorization-server, client_secret_basic',
        method: 'client_secret_basic',
        ask: authenticating('oauth2', oauth.ClientSecretBasic),
      },
      {
        name: 'openid-configuration, client_secret_post',
        method: 'client_secret_post',
        ask: authenticating('oidc', oauth.ClientSecretPost),
      },
    ],
    surfaces: (status, error) => ({
      ...(status === 401 ? challengeOf(server().issuer) : { constructor: oauth.ResponseBodyError }),
      status,
      error,
    }),
  })
})

describe('as a verifier', () => {
  testVerifier({
    ways: [
      { name: 'oauth-authorization-server', verify: verifying('oauth2') },
      { name: 'openid-configuration', verify: verifying('oidc') },
    ],
    refusals: {
      otherAudience: { code: oauth.JWT_CLAIM_COMPARISON, cause: { claim: 'aud' } },
      forged: { code: oauth.INVALID_RESPONSE, message: expect.stringContaining('signature') },
      expired: { code: oauth.JWT_TIMESTAMP_CHECK, cause: { claim: 'exp' } },
    },
  })
})
