import { ClientCredentials } from 'simple-oauth2'
import { expect, test } from 'vitest'
import { AUDIENCE, AWKWARD, AWKWARD_ASCII, GUIDE, manifestFor, useServer } from '../harness/library-setting.ts'
import type { TestServer } from '../harness/server.ts'
import { testClient, type Wanted } from './client-contract.ts'

type Options = ConstructorParameters<typeof ClientCredentials>[0]['options']

const clientFor = ({ issuer }: TestServer, { clientId, secret }: Wanted, options: Options): ClientCredentials =>
  new ClientCredentials({
    client: { id: clientId, secret },
    auth: { tokenHost: issuer, tokenPath: '/as/token.oauth2' },
    options,
  })

const sending =
  (options: Options) =>
  async (server: TestServer, wanted: Wanted): Promise<string> => {
    const accessToken = await clientFor(server, wanted, options).getToken({ scope: wanted.scope })
    expect(accessToken.expired()).toBe(false)
    return accessToken.token.access_token
  }

const surfaces = (status: number, error: string): object => ({
  isBoom: true,
  output: { statusCode: status },
  data: { payload: { error } },
})

const server = useServer({ manifest: manifestFor(AUDIENCE) })

testClient({
  server,
  ways: [
    {
      name: 'header, form-encoded by default',
      method: 'client_secret_basic',
      ask: sending({}),
      secret: AWKWARD_ASCII,
    },
    {
      name: 'header, not encoded',
      method: 'client_secret_basic',
      ask: sending({ credentialsEncodingMode: 'loose' }),
      secret: AWKWARD_ASCII,
    },
    {
      name: 'body',
      method: 'client_secret_post',
      ask: sending({ authorizationMethod: 'body' }),
      secret: AWKWARD_ASCII,
    },
  ],
  surfaces,
})

test('refuses a secret beyond printable ASCII by itself', () => {
  expect(() => clientFor(server(), { ...GUIDE, secret: AWKWARD }, {})).toThrow(
    /"client\.secret" with value .* fails to match the required pattern/,
  )
})

test('reports the refusal of its JSON body, which RFC 6749 doesn’t allow', async () => {
  const ask = sending({ authorizationMethod: 'body', bodyFormat: 'json' })
  await expect(ask(server(), GUIDE)).rejects.toMatchObject(surfaces(400, 'invalid_request'))
})
