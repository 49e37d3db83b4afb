import express, { type Request } from 'express'
import { type AuthOptions, type AuthResult, auth, requiredScopes } from 'express-oauth2-jwt-bearer'
import { expect, test } from 'vitest'
import { AUDIENCE } from '../harness/library-setting.ts'
import { startResourceServer } from '../harness/resource-server.ts'
import type { TestServer } from '../harness/server.ts'
import { testVerifier } from './verifier-contract.ts'

interface Answer {
  readonly status: number
  readonly challenge: string | null
  readonly body: string
}

/** Calls an API that returns the caller's claims. @param scope that the API requires */
async function callApi(options: AuthOptions, token: string, scope: string): Promise<Answer> {
  const app = express()
  app.use(auth(options))
  app.get('/', requiredScopes(scope), (request: Request & { auth?: AuthResult }, response) =>
    response.json(request.auth?.payload),
  )
  const api = await startResourceServer(app)
  try {
    const response = await fetch(api.url, { headers: { authorization: `Bearer ${token}` } })
    const challenge = response.headers.get('www-authenticate')
    return { status: response.status, challenge, body: await response.text() }
  } finally {
    await api.stop()
  }
}

const verifying =
  (optionsFor: (server: TestServer) => AuthOptions) =>
  async (server: TestServer, token: string, audience: string): Promise<object> => {
    const answer = await callApi({ ...optionsFor(server), audience }, token, 'edit')
    if (answer.status !== 200) throw Object.assign(new Error('refused'), answer)
    return JSON.parse(answer.body) as object
  }

const refused = (description: string) => ({
  status: 401,
  challenge: expect.stringContaining(`error="invalid_token", error_description="${description}`),
})

const { server, issue } = testVerifier({
  token: '{ preset: express-oauth2-jwt-bearer }',
  ways: [
    { name: 'discovery', verify: verifying(({ issuer }) => ({ issuerBaseURL: issuer })) },
    { name: 'discovery, strict', verify: verifying(({ issuer }) => ({ issuerBaseURL: issuer, strict: true })) },
    {
      name: 'the metadata document, strict',
      verify: verifying(({ issuer }) => ({
        issuerBaseURL: `${issuer}/.well-known/oauth-authorization-server`,
        strict: true,
      })),
    },
    {
      name: 'issuer and keys, strict',
      verify: verifying(({ issuer }) => ({
        issuer,
        jwksUri: `${issuer}/pf/JWKS`,
        tokenSigningAlg: 'ES256',
        strict: true,
      })),
    },
  ],
  refusals: {
    otherAudience: refused(`Unexpected 'aud' value`),
    forged: refused('signature verification failed'),
    expired: refused(`'exp' claim timestamp check failed`),
  },
})

test('reports a missing scope', async () => {
  const answer = await callApi({ issuerBaseURL: server().issuer, audience: AUDIENCE }, await issue(), 'read')
  expect(answer).toMatchObject({
    status: 403,
    challenge: expect.stringContaining(
      'error="insufficient_scope", error_description="Insufficient Scope", scope="read"',
    ),
  })
})
