import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { basic, startTestServer, type TestServer } from '../harness/server.ts'

/** A grant that implements only its own part. It refuses if its parameter tells it to. */
vi.mock('../../src/grants/grants.ts', async () => {
  const { entryOf } = await import('../../src/grants/grant.ts')
  const { refusing, BAD_REQUEST } = await import('../../src/oauth/refusal.ts')
  const refusal = refusing({ toy_refused: { ...BAD_REQUEST, description: 'The toy refuses', meaning: 'A test.' } })
  const toy = entryOf<{ readonly isRefused: boolean }>({
    grantType: 'client_credentials',
    permission: 'grant_types',
    targets: () => [],
    parse: (form) => ({ isRefused: form.get('toy') === 'refuse' }),
    authorize: ({ client }, { isRefused }) => {
      if (isRefused) throw refusal('toy_refused')
      return { kind: 'issue', client, requested: { scope: undefined, targets: [] } }
    },
  })
  return { grants: [toy] }
})

const SECRET = 'a secret that a person has chosen'
const MANIFEST = `
apis: [{ audience: https://api.example.com, scopes: [{ name: edit }] }]
clients:
  - { client_id: listed, scopes: [edit], credentials: [{ secret: ${SECRET} }] }
  - { client_id: unlisted, grant_types: [], scopes: [edit], credentials: [{ secret: ${SECRET} }] }
  - { client_id: bound, require: dpop, scopes: [edit], credentials: [{ secret: ${SECRET} }] }
  - { client_id: scopeless, credentials: [{ secret: ${SECRET} }] }
`

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ manifest: MANIFEST })
})
afterAll(() => server.stop())

const ask = (client: string, secret = SECRET, form = {}) =>
  server.token({ grant_type: 'client_credentials', ...form }, basic(client, secret))

async function eventOf(response: Response) {
  const [event] = await server.audit(response.headers.get('x-request-id'))
  return event
}

test('a grant that implements only its own part issues a token, and the token is recorded', async () => {
  const response = await ask('listed')
  expect(response.status).toBe(200)
  const { access_token: token } = (await response.json()) as { access_token: string }
  expect(decodeJwt(token)).toMatchObject({ client_id: 'listed', scope: 'edit' })
  expect(await eventOf(response)).toMatchObject({ type: 'token.issue', result: 'success', clientId: 'listed' })
})

const refused: [string, () => Promise<Response>, number, string, string, string][] = [
  ['a stranger', () => ask('listed', 'wrong'), 401, 'invalid_client', 'wrong_secret', 'listed'],
  [
    'a client that may not use the grant',
    () => ask('unlisted'),
    400,
    'unauthorized_client',
    'grant_not_allowed',
    'unlisted',
  ],
  [
    'a request without the proof that its client requires',
    () => ask('bound'),
    400,
    'invalid_dpop_proof',
    'dpop_required',
    'bound',
  ],
  ['a client without a scope', () => ask('scopeless'), 400, 'invalid_scope', 'no_scope', 'scopeless'],
  [
    'a request that the grant itself refuses',
    () => ask('listed', SECRET, { toy: 'refuse' }),
    400,
    'invalid_request',
    'toy_refused',
    'listed',
  ],
  [
    'another grant',
    () => ask('listed', SECRET, { grant_type: 'password' }),
    400,
    'unsupported_grant_type',
    'unsupported_grant_type',
    '',
  ],
]
test.each(refused)(
  '%s is refused and recorded without any code of the grant',
  async (_name, send, status, error, reason, clientId) => {
    const response = await send()
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error })
    const event = await eventOf(response)
    expect(event).toMatchObject({ type: 'token.issue', result: 'refused', reason })
    expect(event?.clientId ?? '').toBe(clientId)
  },
)
