import { z } from 'zod'
import { ADMIN_AUDIENCE } from '../../src/management/authority/admin-api.ts'
import type { Permission } from '../../src/management/authority/permissions.ts'
import { basic, type TestServer } from './server.ts'

/** The manifest of a client that administers with these permissions. By default, its secret is `secret of` and its id. */
export const administrator = (id: string, permissions: readonly Permission[], secret = `secret of ${id}`): string => `
  - client_id: ${id}
    credentials: [{ secret: ${secret} }]
    grants: [{ api: ${ADMIN_AUDIENCE}, scopes: [${permissions.map((name) => JSON.stringify(name)).join(', ')}] }]`

/** An answer of the admin API. */
interface AdminAnswer {
  readonly status: number
  readonly headers: Headers
  /** The JSON; undefined if there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every form.
  readonly body: any
}

/** Calls the admin API. A body that is not text is sent as JSON. */
export type CallAdmin = (
  method: string,
  path: string,
  options?: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> },
) => Promise<AdminAnswer>

/** Calls the admin API of a server with these headers. */
export const adminCalls =
  ({ admin }: Pick<TestServer, 'admin'>, headers: Readonly<Record<string, string>>): CallAdmin =>
  async (method, path, { body, headers: others } = {}) => {
    const response = await fetch(`${admin}/api/v1${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers, ...others },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    }
  }

/**
 * Calls the admin API with a token of this client, which `administrator` described. @param resource the audience of the token @param scope
 * the permissions of the token; all of the client by default
 */
export async function callsAs(
  server: Pick<TestServer, 'admin' | 'token'>,
  id: string,
  secret = `secret of ${id}`,
  resource: string = ADMIN_AUDIENCE,
  scope?: string,
): Promise<CallAdmin> {
  const form = { grant_type: 'client_credentials', resource, ...(scope !== undefined && { scope }) }
  const answer = await server.token(form, basic(id, secret))
  const { access_token: token } = z.object({ access_token: z.string() }).parse(await answer.json())
  return adminCalls(server, { authorization: `Bearer ${token}` })
}
