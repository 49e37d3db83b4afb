/** Client authentication over HTTP: assertions as clients make them, and what a refusal looks like. */

import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { TestServer } from './server.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** The claims of a good assertion (RFC 7523 §3), but for what is changed; `now` in seconds. */
export const claimsOf = (issuer: string, clientId: string, now: number, changes: object = {}) => ({
  iss: clientId,
  sub: clientId,
  aud: issuer,
  jti: randomUUID(),
  iat: now,
  exp: now + 60,
  ...changes,
})

/** The form of a request that authenticates by an assertion (RFC 7521 §4.2). */
export const formOf = (assertion: string, more: Record<string, string> = {}): Record<string, string> => ({
  grant_type: 'client_credentials',
  client_assertion_type: JWT_BEARER,
  client_assertion: assertion,
  ...more,
})

/** `POST`s a form to any endpoint. */
export const post = (url: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body: new URLSearchParams(form), headers })

/** The one event of a request. */
export async function eventOf(server: TestServer, response: Response) {
  const [event, ...others] = await server.audit(response.headers.get('x-request-id'))
  expect(others).toEqual([])
  return event
}

/** What is known of a refusal beside what the wire says. */
interface Refusal {
  readonly reason: string
  /** What the detail has, at the least. */
  readonly detail?: object
  /** Who was recorded as the one who asked; undefined where nobody was. */
  readonly clientId?: string | undefined
}

/** That a client was refused with the very bytes that a wrong secret is refused with, and that the audit log says why. */
export async function expectUnauthenticated(server: TestServer, response: Response, refusal: Refusal): Promise<void> {
  const { 'x-request-id': _id, date: _date, ...headers } = Object.fromEntries(response.headers)
  expect({ status: response.status, body: await response.text(), headers }).toEqual({
    status: 401,
    body: '{"error":"invalid_client","error_description":"Invalid client or client credentials"}',
    headers: {
      'www-authenticate': `Basic realm="${server.issuer}", charset="UTF-8"`,
      'content-type': 'application/json;charset=UTF-8',
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'content-length': '85',
      connection: 'keep-alive',
      'keep-alive': 'timeout=620',
    },
  })
  await expectRecorded(server, response, refusal)
}

/** That a request was refused as malformed, and that the audit log says why. */
export async function expectInvalid(server: TestServer, response: Response, refusal: Refusal): Promise<void> {
  expect({ status: response.status, ...((await response.json()) as object) }).toMatchObject({
    status: 400,
    error: 'invalid_request',
  })
  expect(response.headers.get('cache-control')).toBe('no-store')
  await expectRecorded(server, response, refusal)
}

async function expectRecorded(server: TestServer, response: Response, { reason, detail = {}, clientId }: Refusal) {
  const event = await eventOf(server, response)
  expect(event).toMatchObject({ result: 'refused', reason, detail })
  if (clientId !== undefined) expect(event?.clientId).toBe(clientId)
}

/** That a client got a token, and how it authenticated for it. */
export async function expectToken(server: TestServer, response: Response, clientId: string, method: string) {
  const answer = (await response.json()) as { access_token?: string; token_type?: string }
  expect({ status: response.status, ...answer }).toMatchObject({ status: 200, token_type: 'Bearer' })
  expect(await eventOf(server, response)).toMatchObject({ result: 'success', clientId, detail: { method } })
  return answer.access_token ?? ''
}
