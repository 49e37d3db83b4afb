import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, inject, test } from 'vitest'
import { AUDIENCE, GUIDE, manifestFor, useServer } from '../harness/library-setting.ts'
import type { TestServer } from '../harness/server.ts'
import { testClient, type Wanted } from './client-contract.ts'

interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** Runs curl without the user's settings. */
async function curl({ issuer }: TestServer, ...request: string[]): Promise<Answer> {
  const { stdout, stderr } = await promisify(execFile)('curl', [
    ...['--disable', '--silent', '--noproxy', '*', '--cacert', inject('tls').ca],
    ...['--write-out', '%{stderr}%{http_code} %{content_type}'],
    ...request,
    `${issuer}/as/token.oauth2`,
  ])
  const [status, contentType = ''] = stderr.split(' ')
  return { status: Number(status), contentType, body: stdout }
}

const sending =
  (request: (wanted: Wanted) => readonly string[]) =>
  async (server: TestServer, wanted: Wanted): Promise<string> => {
    const form = ['--data', 'grant_type=client_credentials', '--data', `scope=${wanted.scope}`]
    const { status, contentType, body } = await curl(server, ...form, ...request(wanted))
    expect(contentType).toBe('application/json;charset=UTF-8')
    const answer = JSON.parse(body) as { access_token: string }
    if (status !== 200) throw Object.assign(new Error('refused'), answer, { status })
    return answer.access_token
  }

const server = useServer({ manifest: manifestFor(AUDIENCE) })

testClient({
  server,
  ways: [
    {
      name: '--user',
      method: 'client_secret_basic',
      ask: sending(({ clientId, secret }) => ['--user', `${clientId}:${secret}`]),
    },
    {
      name: '--data-urlencode',
      method: 'client_secret_post',
      ask: sending(({ clientId, secret }) => [
        ...['--data-urlencode', `client_id=${clientId}`],
        ...['--data-urlencode', `client_secret=${secret}`],
      ]),
    },
  ],
  surfaces: (status, error) => ({ status, error }),
})

test('sends the request of the guide, byte for byte, and gets its answer', async () => {
  const { status, contentType, body } = await curl(
    server(),
    ...['--request', 'POST'],
    ...['--header', 'Content-Type: application/x-www-form-urlencoded'],
    ...['--header', 'Authorization: Basic Y2NfY2xpZW50OjJGZWRlcmF0ZQ=='],
    ...['--data', `grant_type=client_credentials&scope=${GUIDE.scope}`],
  )
  expect({ status, contentType }).toEqual({ status: 200, contentType: 'application/json;charset=UTF-8' })
  expect(JSON.parse(body)).toEqual({
    access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    token_type: 'Bearer',
    expires_in: 14400,
    scope: 'edit',
  })
})
