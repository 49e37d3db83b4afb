/** Client authentication over HTTP: the assertions that clients make, and the answers that tests expect. */

import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { UNAUTHENTICATED, UNAUTHENTICATED_LENGTH, withoutRequestId } from './refused.ts'
import type { TestServer } from './server.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** The claims of a good assertion (RFC 7523 §3), with `changes` applied. `now` is in seconds. */
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

/** The event of a request. Requires that there is exactly one. */
export async function eventOf(server: TestServer, response: Response) {
  const [event, ...others] = await server.audit(response.headers.get('x-request-id'))
  expect(others).toEqual([])
  return event
}

/** The part of a refusal that only the audit log shows. */
interface Refusal {
  readonly reason: string
  /** Members that the event's detail must have, at least. */
  readonly detail?: object
  /** The client that the event must name. If undefined, it isn't checked. */
  readonly clientId?: string | undefined
}

/**
 * Requires that the refusal equals the one for a wrong secret, byte for byte, and that the audit log has the reason.
 */
export async function expectUnauthenticated(server: TestServer, response: Response, refusal: Refusal): Promise<void> {
  const { 'x-request-id': id, date: _date, ...headers } = Object.fromEntries(response.headers)
  expect({ status: response.status, body: withoutRequestId(await response.text(), id), headers }).toEqual({
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
  await expectRecorded(server, response, refusal)
}

/** Requires that the request was refused as malformed, and that the audit log has the reason. */
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

/** Requires that the client got a token, and that the audit log names its authentication method. @returns the token */
export async function expectToken(server: TestServer, response: Response, clientId: string, method: string) {
  const answer = (await response.json()) as { access_token?: string; token_type?: string }
  expect({ status: response.status, ...answer }).toMatchObject({ status: 200, token_type: 'Bearer' })
  expect(await eventOf(server, response)).toMatchObject({ result: 'success', clientId, detail: { method } })
  return answer.access_token ?? ''
}
