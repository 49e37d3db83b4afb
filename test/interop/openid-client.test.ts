import * as openid from 'openid-client'
import { AUDIENCE, manifestFor, useServer } from '../harness/library-setting.ts'
import type { TestServer } from '../harness/server.ts'
import { challengeOf, withErrorOfChallenge } from './challenge.ts'
import { testClient, type Wanted } from './client-contract.ts'

/** @param algorithm selects one of the two well-known documents */
const discovering =
  (algorithm: 'oauth2' | 'oidc', authentication?: (secret: string) => openid.ClientAuth) =>
  async ({ issuer }: TestServer, { clientId, secret, scope }: Wanted): Promise<string> => {
    const config = await openid.discovery(new URL(issuer), clientId, secret, authentication?.(secret), { algorithm })
    return (await openid.clientCredentialsGrant(config, { scope }).catch(withErrorOfChallenge)).access_token
  }

const server = useServer({ manifest: manifestFor(AUDIENCE) })

testClient({
  server,
  ways: [
    {
      name: 'oauth-authorization-server, client_secret_basic',
      method: 'client_secret_basic',
      ask: discovering('oauth2', openid.ClientSecretBasic),
    },
    {
      name: 'oauth-authorization-server, client_secret_post',
      method: 'client_secret_post',
      ask: discovering('oauth2', openid.ClientSecretPost),
    },
    {
      name: 'openid-configuration, with its default method',
      method: 'client_secret_post',
      ask: discovering('oidc'),
    },
  ],
  surfaces: (status, error) => ({
    ...(status === 401 ? challengeOf(server().issuer) : { constructor: openid.ResponseBodyError }),
    status,
    error,
  }),
})
