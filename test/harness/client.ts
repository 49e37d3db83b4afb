import { expect } from 'vitest'
import { SECRET } from './model.ts'
import { basic } from './server.ts'

type Form = Readonly<Record<string, string>>

/** `POST`s a form to an endpoint of a server. */
export const post = (
  at: string,
  endpoint: 'token' | 'introspect' | 'revoke_token',
  form: Form,
  headers: Form = {},
): Promise<Response> =>
  fetch(`${at}/as/${endpoint}.oauth2`, { method: 'POST', body: new URLSearchParams(form), headers })

/** Asks for a token. The client authenticates with the common secret. */
export const ask = (at: string, scope: string, client = 'caller'): Promise<Response> =>
  post(at, 'token', { grant_type: 'client_credentials', scope }, basic(client, SECRET))

/** Gets a token for a client with the common secret. */
export async function issue(at: string, scope: string, client = 'caller'): Promise<string> {
  const response = await ask(at, scope, client)
  expect(response.status).toBe(200)
  return ((await response.json()) as { access_token: string }).access_token
}

/** Introspects a token. `by` is a client with the common secret that may introspect. */
export const introspect = (at: string, token: string, by = 'watcher'): Promise<Response> =>
  post(at, 'introspect', { token }, basic(by, SECRET))

/**
 * Whether a token is active. Throws if the server can't tell. Requires that an inactive token gets no other member (RFC
 * 7662 §2.2).
 */
export async function isActive(at: string, token: string, by = 'watcher'): Promise<boolean> {
  const response = await introspect(at, token, by)
  const answer = (await response.json()) as { active: boolean }
  expect({ status: response.status, answer }).toMatchObject({ status: 200 })
  if (!answer.active) expect(answer).toEqual({ active: false })
  return answer.active
}
