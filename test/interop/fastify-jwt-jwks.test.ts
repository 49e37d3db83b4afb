import { readFileSync } from 'node:fs'
import { fastify } from 'fastify'
import { type FastifyJwtJwksOptions, fastifyJwtJwks } from 'fastify-jwt-jwks'
import { describe, expect, inject, test } from 'vitest'
import { AUDIENCE } from '../harness/library-setting.ts'
import type { TestServer } from '../harness/server.ts'
import { testVerifier } from './verifier-contract.ts'

/** Calls an API that returns the caller's claims. */
async function callApi(options: FastifyJwtJwksOptions, token: string): Promise<{ status: number; body: object }> {
  const tls = inject('tls')
  const api = fastify({ https: { cert: readFileSync(tls.cert), key: readFileSync(tls.key) } })
  await api.register(fastifyJwtJwks, options)
  api.get('/', { preValidation: api.authenticate }, (request) => request.user)
  try {
    const url = await api.listen({ host: '127.0.0.1', port: 0 })
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}`, connection: 'close' } })
    return { status: response.status, body: (await response.json()) as object }
  } finally {
    await api.close()
  }
}

const verifying =
  (optionsFor: (server: TestServer) => FastifyJwtJwksOptions) =>
  async (server: TestServer, token: string, audience: string): Promise<object> => {
    const { status, body } = await callApi({ ...optionsFor(server), audience }, token)
    if (status !== 200) throw Object.assign(new Error('refused'), { status, body })
    return body
  }

const refused = (message: string) => ({ status: 401, body: { error: 'Unauthorized', message } })
const invalid = (why: string) => refused(`Authorization token is invalid: ${why}`)

const ways = [
  {
    name: 'key set and issuer',
    verify: verifying(({ issuer }) => ({ jwksUrl: `${issuer}/pf/JWKS`, issuer })),
  },
  {
    name: '/.well-known/jwks.json and issuer, without a cache',
    verify: verifying(({ issuer }) => ({ jwksUrl: `${issuer}/.well-known/jwks.json`, issuer, secretsTtl: 0 })),
  },
]

const refusals = {
  otherAudience: invalid('The aud claim value is not allowed.'),
  forged: invalid('The token signature is invalid.'),
  expired: refused('Expired token.'),
}

describe('RS256, as the preset sets it', () => {
  const { server, issue } = testVerifier({ token: '{ preset: fastify-jwt-jwks }', ways, refusals })

  test('without issuer refuses ours, which has no trailing slash', async () => {
    const options = { jwksUrl: `${server().issuer}/pf/JWKS`, audience: AUDIENCE }
    expect(await callApi(options, await issue())).toMatchObject(invalid('The iss claim value is not allowed.'))
  })
})

describe('EdDSA, which it also supports', () => {
  testVerifier({ token: '{ preset: fastify-jwt-jwks, algorithm: EdDSA }', ways, refusals })
})

describe('ES256, of which the preset warns', () => {
  const { server, issue } = testVerifier({ ways: [], refusals })

  test('is refused', async () => {
    const options = { jwksUrl: `${server().issuer}/pf/JWKS`, issuer: server().issuer, audience: AUDIENCE }
    expect(await callApi(options, await issue())).toMatchObject(
      invalid('Invalid public key provided for algorithms RS256, EdDSA.'),
    )
  })
})
