import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MODEL, newSecret, SECRET } from '../../harness/model.ts'
import { UNAUTHENTICATED, UNAUTHENTICATED_LENGTH, withoutRequestId } from '../../harness/refused.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'
import { newJwk } from '../../harness/source.ts'

const OTHER = newSecret()
/** Longer than the input that bcrypt reads. */
const LONG = 'p'.repeat(80)
const AWKWARD = '50% +:é x&='
const LITERAL = 'a+b%41c'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    manifest: `${MODEL}
  - { client_id: long, scopes: [edit], credentials: [{ secret: ${LONG} }] }
  - { client_id: awkward, scopes: [edit], credentials: [{ secret: "${AWKWARD}" }] }
  - { client_id: "a:b é", scopes: [edit], credentials: [{ secret: "${AWKWARD}" }] }
  - { client_id: literal, scopes: [edit], credentials: [{ secret: "${LITERAL}" }] }
  - { client_id: signer, scopes: [edit], credentials: [{ jwks: { keys: [${JSON.stringify(newJwk('k'))}] } }] }
  - client_id: rotating
    scopes: [edit]
    credentials:
      - { label: old, secret: first human secret }
      - { label: new, secret: second human secret }
      - { label: generated, secret: ${SECRET} }
`,
  })
})
afterAll(() => server.stop())

const GRANT = { grant_type: 'client_credentials' }
const formEncode = (text: string) => new URLSearchParams([['', text]]).toString().slice(1)
const header = (credentials: string, scheme = 'Basic') => ({
  authorization: `${scheme} ${Buffer.from(credentials).toString('base64')}`,
})

async function reasonOf(response: Response): Promise<string | undefined> {
  const [event] = await server.audit(response.headers.get('x-request-id'))
  return event?.reason
}

describe('accepted requests', () => {
  const encoded = (id: string, secret: string) => header(`${formEncode(id)}:${formEncode(secret)}`)
  const cases: [string, Record<string, string>, Record<string, string>][] = [
    ['Basic', basic('reporter', SECRET), {}],
    ['Basic in another case (RFC 9110 §11.1)', header(`reporter:${SECRET}`, 'bASIC'), {}],
    ['Basic with the same client_id in the body', basic('reporter', SECRET), { client_id: 'reporter' }],
    ['the body', {}, { client_id: 'reporter', client_secret: SECRET }],
    ['encoded-credentials: an awkward secret, form-encoded', encoded('awkward', AWKWARD), {}],
    ['encoded-credentials: an awkward secret, percent-encoded', header(`awkward:${encodeURIComponent(AWKWARD)}`), {}],
    ['encoded-credentials: an awkward secret, raw', basic('awkward', AWKWARD), {}],
    ['encoded-credentials: an awkward secret, in the body', {}, { client_id: 'awkward', client_secret: AWKWARD }],
    ['encoded-credentials: an awkward id, form-encoded', encoded('a:b é', AWKWARD), {}],
    ['encoded-credentials: an awkward id, in the body', {}, { client_id: 'a:b é', client_secret: AWKWARD }],
    ['encoded-credentials: a secret that reads otherwise when decoded, raw', basic('literal', LITERAL), {}],
    ['encoded-credentials: a secret that reads otherwise when decoded, encoded', encoded('literal', LITERAL), {}],
    ['a secret of 80 bytes', basic('long', LONG), {}],
    ['the old secret of two chosen ones', basic('rotating', 'first human secret'), {}],
    ['the new secret of two chosen ones', basic('rotating', 'second human secret'), {}],
    ['a generated secret beside chosen ones', basic('rotating', SECRET), {}],
  ]
  test.each(cases)('%s', async (_name, headers, form) => {
    const response = await server.token({ ...GRANT, ...form }, headers)
    expect(await response.json()).toMatchObject({ token_type: 'Bearer' })
  })
})

describe('refused requests: the same 401 for every reason (uniform-refusal)', () => {
  const encodedAs = (value: string) => ({ authorization: `Basic ${value}` })
  const cases: [string, string, Record<string, string>, Record<string, string>][] = [
    ['no credentials', 'no_credentials', {}, {}],
    ['a client_id alone', 'no_credentials', {}, { client_id: 'reporter' }],
    ['a secret alone', 'no_credentials', {}, { client_secret: SECRET }],
    ['an empty secret in the body', 'no_credentials', {}, { client_id: 'reporter', client_secret: '' }],
    ['an unknown client', 'unknown_client', basic('nobody', SECRET), {}],
    ['an unknown client, a chosen secret', 'unknown_client', basic('nobody', 'guess'), {}],
    ['a client named like a member of every object', 'unknown_client', basic('__proto__', SECRET), {}],
    ['a disabled client', 'client_disabled', basic('disabled', SECRET), {}],
    ['a disabled client in the body', 'client_disabled', {}, { client_id: 'disabled', client_secret: SECRET }],
    ['a wrong generated secret', 'wrong_secret', basic('reporter', OTHER), {}],
    ['a wrong chosen secret', 'wrong_secret', basic('reporter', 'guess'), {}],
    ['an empty secret', 'wrong_secret', basic('reporter', ''), {}],
    ['encoded-credentials: %zz is just a wrong secret', 'wrong_secret', basic('reporter', '%zz'), {}],
    ['a generated secret for a client with keys only', 'no_such_credential', basic('signer', SECRET), {}],
    ['a chosen secret for a client with keys only', 'no_such_credential', basic('signer', 'guess'), {}],
    ['an expired secret', 'expired_credential', basic('expired', SECRET), {}],
    ['truncated-secret: a prefix of 72 bytes', 'wrong_secret', basic('long', LONG.slice(0, 72)), {}],
    [
      'truncated-secret: another secret with the same 72 bytes',
      'wrong_secret',
      basic('long', `${LONG.slice(0, 72)}other`),
      {},
    ],
    ['a secret of 2,000 characters', 'wrong_secret', basic('long', 'p'.repeat(2000)), {}],
    ['the secret in another case', 'wrong_secret', basic('rotating', 'First human secret'), {}],
    [
      'client-id-mismatch: another client_id in the body',
      'client_id_mismatch',
      basic('reporter', SECRET),
      { client_id: 'auditor' },
    ],
    ['malformed-basic: bad base64', 'malformed_authorization', encodedAs('!!!'), {}],
    [
      'malformed-basic: base64 without padding',
      'malformed_authorization',
      encodedAs(Buffer.from('reporter:xx').toString('base64').replace(/=+$/, '')),
      {},
    ],
    ['malformed-basic: non-canonical base64', 'malformed_authorization', encodedAs('eDp5eh=='), {}],
    ['malformed-basic: no colon', 'malformed_authorization', header('reporter'), {}],
    ['malformed-basic: another scheme', 'malformed_authorization', { authorization: `Bearer ${SECRET}` }, {}],
    ['malformed-basic: a scheme alone', 'malformed_authorization', { authorization: 'Basic' }, {}],
  ]
  test.each(cases)('%s', async (_name, reason, headers, form) => {
    const response = await server.token({ ...GRANT, ...form }, headers)
    const { 'x-request-id': id, date: _date, ...rest } = Object.fromEntries(response.headers)
    expect({ status: response.status, body: withoutRequestId(await response.text(), id), headers: rest }).toEqual({
      status: 401,
      body: UNAUTHENTICATED,
      headers: {
        'www-authenticate': `Basic realm="${server.issuer}", charset="UTF-8"`,
        'content-type': 'application/json;charset=UTF-8',
        'cache-control': 'no-store',
        pragma: 'no-cache',
        'content-length': UNAUTHENTICATED_LENGTH,
        connection: 'keep-alive',
        'keep-alive': 'timeout=620',
      },
    })
    expect(await reasonOf(response)).toBe(reason)
  })

  const invalid: [string, string, Record<string, string>, Record<string, string>][] = [
    [
      'two-authentications: Basic and a secret in the body',
      'several_methods',
      basic('reporter', SECRET),
      { client_id: 'reporter', client_secret: SECRET },
    ],
    ['control-characters: a control character in Basic', 'malformed_parameters', header('reporter:a\u0000b'), {}],
    [
      'control-characters: Basic that is not UTF-8',
      'malformed_parameters',
      { authorization: `Basic ${Buffer.from('reporter:\xff', 'latin1').toString('base64')}` },
      {},
    ],
  ]
  test.each(invalid)('%s: 400', async (_name, reason, headers, form) => {
    const response = await server.token({ ...GRANT, ...form }, headers)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: 'invalid_request' })
    expect(await reasonOf(response)).toBe(reason)
  })
})
