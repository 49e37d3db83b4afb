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

/** Asks for a token, as a client with the common secret. */
export const ask = (at: string, scope: string, client = 'caller'): Promise<Response> =>
  post(at, 'token', { grant_type: 'client_credentials', scope }, basic(client, SECRET))

/** A token for a client with the common secret. */
export async function issue(at: string, scope: string, client = 'caller'): Promise<string> {
  const response = await ask(at, scope, client)
  expect(response.status).toBe(200)
  return ((await response.json()) as { access_token: string }).access_token
}

/** Asks whether a token is active, as a client with the common secret that may. */
export const introspect = (at: string, token: string, by = 'watcher'): Promise<Response> =>
  post(at, 'introspect', { token }, basic(by, SECRET))

/** Fails where the server can't know; an inactive token has nothing else said of it (RFC 7662 §2.2). */
export async function isActive(at: string, token: string, by = 'watcher'): Promise<boolean> {
  const response = await introspect(at, token, by)
  const answer = (await response.json()) as { active: boolean }
  expect({ status: response.status, answer }).toMatchObject({ status: 200 })
  if (!answer.active) expect(answer).toEqual({ active: false })
  return answer.active
}
