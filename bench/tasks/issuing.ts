import { createRemoteJWKSet, jwtVerify } from 'jose'
import {
  audience,
  type BenchClient,
  basic,
  introspectionPath,
  issuer,
  keysPath,
  lifetime,
  resourceServer,
  scope,
  type TokenKind,
  tokenForm,
  tokenPath,
} from '../fleet.ts'
import { expectClaims } from './claims.ts'
import { expect, post, requestsTo, SLOT } from './exchange.ts'
import type { Task } from './task.ts'

/** Tokens by the client credentials grant, to all clients in turn. */
export const issuing: Task = {
  async prepare({ tokens }, origin, clients) {
    await expectToken(tokens, origin, clients[0], await getToken(origin, clients[0]))
    const shape = { authorization: SLOT, body: tokenForm, bodyLength: tokenForm.length }
    return { requests: requestsTo(origin, tokenPath, shape, clients.map(basic)), issued: 1, issuedByEach: 1 }
  },
}

/** Gets a token as the load does. Rejects where the answer, but for the token, is not as it should be. */
export async function getToken(origin: string, client: BenchClient): Promise<string> {
  const { json } = await post(origin, tokenPath, client, tokenForm)
  expect('expires_in', json['expires_in'], lifetime)
  expect('token_type', json['token_type'], 'Bearer')
  expect('scope', json['scope'], scope)
  return String(json['access_token'])
}

/**
 * Checks that a token is what this bench says is measured: a JWT by a key that the server publishes, or one that nobody
 * else can read and the server knows again, with the claims that every server is to make. Rejects for anything else.
 */
export async function expectToken(kind: TokenKind, origin: string, client: BenchClient, token: string): Promise<void> {
  if (kind === 'sealed') {
    expect('whether it is sealed', /^tsa_[\w-]+$/.test(token), true)
    const form = new URLSearchParams({ token }).toString()
    const { json } = await post(origin, introspectionPath, resourceServer, form)
    return expectClaims(json, client, ['active', 'token_type'])
  }
  const keys = createRemoteJWKSet(new URL(origin + keysPath))
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    ...{ issuer, audience, subject: client.id },
    algorithms: [kind],
  })
  expect('typ', protectedHeader.typ, 'at+jwt')
  expectClaims(payload, client, [])
}
