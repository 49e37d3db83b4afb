import { OAuth2Client, OAuth2HttpError } from '@badgateway/oauth2-client'
import { expect, test } from 'vitest'
import {
  AUDIENCE,
  AWKWARD,
  AWKWARD_ASCII,
  AWKWARD_WITHOUT_COLON,
  manifestFor,
  useServer,
} from '../harness/library-setting.ts'
import type { TestServer } from '../harness/server.ts'
import { testClient, type Wanted } from './client-contract.ts'

type Method = 'client_secret_basic' | 'client_secret_post' | 'client_secret_basic_interop'

const discovering =
  (authenticationMethod?: Method) =>
  async ({ issuer }: TestServer, { clientId, secret, scope }: Wanted): Promise<string> => {
    const client = new OAuth2Client({
      server: issuer,
      clientId,
      clientSecret: secret,
      ...(authenticationMethod && { authenticationMethod }),
    })
    return (await client.clientCredentials({ scope: [scope] })).accessToken
  }

const surfaces = (status: number, error: string): object => ({
  constructor: OAuth2HttpError,
  oauth2Code: error,
  httpCode: status,
})

const server = useServer({ manifest: manifestFor(AUDIENCE) })

testClient({
  server,
  ways: [
    {
      name: 'the first method of our metadata',
      method: 'client_secret_basic',
      ask: discovering(),
    },
    { name: 'client_secret_post', method: 'client_secret_post', ask: discovering('client_secret_post') },
    {
      name: 'client_secret_basic_interop',
      method: 'client_secret_basic',
      ask: discovering('client_secret_basic_interop'),
      secret: AWKWARD_WITHOUT_COLON,
    },
  ],
  surfaces,
})

test.each([
  ['beyond ASCII as Latin-1, which is not UTF-8', AWKWARD, 400, 'invalid_request'],
  ['with a colon and a plus encoded so that it reads as another secret', AWKWARD_ASCII, 401, 'invalid_client'],
] as const)('client_secret_basic_interop sends a secret %s', async (_name, secret, status, error) => {
  const asking = discovering('client_secret_basic_interop')(server(), { clientId: 'awkward', secret, scope: 'edit' })
  await expect(asking).rejects.toMatchObject(surfaces(status, error))
})
