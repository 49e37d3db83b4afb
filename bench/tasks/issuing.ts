import { createRemoteJWKSet, jwtVerify } from 'jose'
import { assertionOf, proof, sign } from '../client-key.ts'
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
import type { BenchServer } from '../servers/server.ts'
import { expectClaims } from './claims.ts'
import { expect, post, requestsTo, SLOT, send } from './exchange.ts'
import type { Task } from './task.ts'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const assertionForm = (assertion: string): string =>
  `${tokenForm}&client_assertion_type=${encodeURIComponent(ASSERTION_TYPE)}&client_assertion=${assertion}`

/** Tokens by the client credentials grant, for all clients in turn. If requests are signed, only one client asks. */
export const issuing: Task = {
  async prepare(server, origin, clients) {
    const [client] = clients
    await expectToken(server.tokens, origin, client, await getToken(origin, client, server), boundClaims(server))
    const url = [origin, tokenPath] as const
    const plain = { body: tokenForm, bodyLength: tokenForm.length }
    const headers = { Authorization: basic(client, server.presents) }
    if (server.presents === 'assertion') {
      const shape = {
        headers: {},
        body: assertionForm(SLOT),
        bodyLength: assertionForm(sign(assertionOf(client.id))).length,
      }
      return { requests: requestsTo(...url, shape, assertionOf(client.id)), issued: 1, issuedByEach: 1 }
    }
    if (server.isBound === true) {
      const shape = { ...plain, headers: { ...headers, DPoP: SLOT } }
      return { requests: requestsTo(...url, shape, proof), issued: 1, issuedByEach: 1 }
    }
    const values = clients.slice(0, server.asking).map((one) => basic(one, server.presents))
    return {
      requests: requestsTo(...url, { ...plain, headers: { Authorization: SLOT } }, values),
      issued: 1,
      issuedByEach: 1,
    }
  },
}

const boundClaims = ({ isBound, name }: BenchServer): readonly string[] =>
  isBound === true && name !== 'floor' ? ['cnf'] : []

/** Gets a token as the load does. Rejects if the rest of the answer is wrong. */
export async function getToken(
  origin: string,
  client: BenchClient,
  { presents, isBound = false }: Pick<BenchServer, 'presents' | 'isBound'> = {},
): Promise<string> {
  const isAssertion = presents === 'assertion'
  const headers = {
    ...(!isAssertion && { Authorization: basic(client, presents) }),
    ...(isBound && { DPoP: sign(proof) }),
  }
  const form = isAssertion ? assertionForm(sign(assertionOf(client.id))) : tokenForm
  const { json } = await send(origin + tokenPath, headers, form)
  expect('expires_in', json['expires_in'], lifetime)
  expect('token_type', json['token_type'], isBound ? 'DPoP' : 'Bearer')
  expect('scope', json['scope'], scope)
  return String(json['access_token'])
}

/**
 * Requires a token of the kind and with the claims that the bench measures: a JWT under a published key, or a sealed
 * token that only the server can read. Rejects otherwise.
 */
export async function expectToken(
  kind: TokenKind,
  origin: string,
  client: BenchClient,
  token: string,
  others: readonly string[] = [],
): Promise<void> {
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
  expectClaims(payload, client, others)
}
