import { randomUUID } from 'node:crypto'
import {
  activeAnswer,
  type BenchClient,
  basic,
  claimsOf,
  introspectionPath,
  resourceServer,
  type TokenKind,
} from '../fleet.ts'
import type { BenchServer } from '../servers/server.ts'
import { expectClaims } from './claims.ts'
import { expect, post, requestsTo, SLOT } from './exchange.ts'
import { expectToken, getToken } from './issuing.ts'
import type { Task } from './task.ts'

const formOf = (token: string) => `token=${token}`
/** Tokens requested in parallel. */
const AT_A_TIME = 32

/** Introspection (RFC 7662) by the API, of `count` tokens of one client in turn. */
export const introspecting = (count: number): Task => ({
  async prepare(server, origin, [client]) {
    const tokens = await getTokens(origin, client, count)
    await expectAnswers(server, origin, client, tokens)
    const [first = ''] = tokens
    // `requestsTo` relies on answers of equal length.
    expect(
      'whether all are of one length',
      tokens.every(({ length }) => length === first.length),
      true,
    )
    const shape = {
      headers: { Authorization: basic(resourceServer) },
      body: formOf(SLOT),
      bodyLength: formOf(first).length,
    }
    return { requests: requestsTo(origin, introspectionPath, shape, tokens), issued: count, issuedByEach: 0 }
  },
})

async function getTokens(origin: string, client: BenchClient, count: number): Promise<readonly string[]> {
  const tokens = new Set<string>()
  let asked = 0
  const getSome = async () => {
    while (asked < count) {
      asked += 1
      tokens.add(await getToken(origin, client))
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, getSome))
  expect('the number of different tokens', tokens.size, count)
  return [...tokens]
}

/** Checks the server's answers for two tokens and for an invalid one. */
async function expectAnswers(
  { tokens: kind, isBlind = false }: BenchServer,
  origin: string,
  client: BenchClient,
  [one = '', other = '']: readonly string[],
): Promise<void> {
  if (!isBlind) await expectToken(kind, origin, client, one)
  const introspect = (token: string) => post(origin, introspectionPath, resourceServer, formOf(token))
  const [ofOne, ofOther] = [await introspect(one), await introspect(other)]
  for (const { headers, bytes, json } of [ofOne, ofOther]) {
    expect('active', json['active'], true)
    expect('token_type', json['token_type'], 'Bearer')
    expectClaims(json, client, ['active', 'token_type'])
    expect('the bytes of an answer', bytes, answerBytes(client))
    for (const name of HEADERS) expect(`whether there is ${name}`, headers.has(name), true)
  }
  if (isBlind) return
  expect('whether answers differ', ofOne.json['jti'] !== ofOther.json['jti'], true)
  const altered = await introspect(alter(one, kind))
  expect('the answer to an altered token', JSON.stringify(altered.json), '{"active":false}')
}

/** Headers that every server's answers share. They also have equal sizes. */
const HEADERS = ['content-type', 'content-length', 'cache-control', 'pragma', 'x-request-id']
const answerBytes = ({ id }: BenchClient): number =>
  JSON.stringify(activeAnswer(claimsOf(id, randomUUID(), Math.floor(Date.now() / 1000)))).length

/** Changes a character in the middle of the signature or of the ciphertext. */
function alter(token: string, kind: TokenKind): string {
  const at = kind === 'sealed' ? Math.floor(token.length / 2) : token.lastIndexOf('.') + 20
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
}
