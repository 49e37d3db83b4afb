import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MODEL, SECRET } from '../../harness/model.ts'
import { type RawResponse, sendRaw } from '../../harness/raw.ts'
import { basic, startTestServer, type TestServer } from '../../harness/server.ts'

const FORM = 'grant_type=client_credentials&scope=edit'
const FORGED: [string, Readonly<Record<string, string>>][] = [
  ['Host', { Host: 'evil.example.com' }],
  ['Host with a port', { Host: 'localhost:1' }],
  ['X-Forwarded-Host', { Host: 'localhost', 'X-Forwarded-Host': 'evil.example.com' }],
  ['X-Forwarded-Proto', { Host: 'localhost', 'X-Forwarded-Proto': 'http', 'X-Forwarded-Port': '80' }],
  ['X-Forwarded-Prefix', { Host: 'localhost', 'X-Forwarded-Prefix': '/evil' }],
  ['Forwarded', { Host: 'localhost', Forwarded: 'for=192.0.2.1;host=evil.example.com;proto=http' }],
]

/** forged-host: issuer and metadata come only from configuration, whatever the headers say. */
describe.each([
  ['any client', {}],
  ['a configured proxy', { 'runtime.trusted_proxies': '127.0.0.1,::1' }],
])('forged-host: forged by %s', (_name, options) => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ manifest: MODEL, options })
  })
  afterAll(() => server.stop())

  function send(request: string, headers: Readonly<Record<string, string>>, body = ''): Promise<RawResponse> {
    const all = { ...headers, 'Content-Length': String(body.length), Connection: 'close' }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    return sendRaw(server.issuer, `${request} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
  }

  const post = (headers: Readonly<Record<string, string>>) =>
    send('POST /as/token.oauth2', { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' }, FORM)

  test.each(FORGED)('%s does not change the metadata', async (_name, headers) => {
    for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']) {
      const { status, body } = await send(`GET ${path}`, headers)
      expect({ status, body }).toEqual({ status: 200, body: await (await fetch(server.issuer + path)).text() })
    }
  })

  test.each(FORGED)('%s does not change the iss of a token', async (_name, headers) => {
    const { status, body } = await post({ ...headers, Authorization: basic('reporter', SECRET).authorization })
    expect(status).toBe(200)
    const { access_token } = JSON.parse(body) as { access_token: string }
    expect(decodeJwt(access_token).iss).toBe(server.issuer)
  })

  test.each(FORGED)('%s does not change the realm of a challenge', async (_name, headers) => {
    const { status, headers: answered } = await post(headers)
    expect(status).toBe(401)
    expect(answered['www-authenticate']).toBe(`Basic realm="${server.issuer}", charset="UTF-8"`)
  })
})
