import createClient, { type Middleware } from 'openapi-fetch'
import { connection } from './connection.ts'
import { Problem, Unreachable } from './problem.ts'
import type { paths } from './schema.d.ts'

let csrfToken = document.querySelector<HTMLMetaElement>('meta[name=csrf-token]')?.content ?? ''

/** Proves to the server that a page of it asks (`X-CSRF-Token`, or the field `csrf` of a form). */
export const presentCsrfToken = (): string => csrfToken

/** Takes the token of a session that another tab began. */
export function takeCsrfToken(token: string | undefined): void {
  if (token !== undefined) csrfToken = token
}

/** Proves that this page asks, repeats no change, and reports the state of the connection. */
const manners: Middleware = {
  onRequest({ request }) {
    if (request.method === 'GET') return
    request.headers.set('X-CSRF-Token', csrfToken)
    if (request.method === 'POST') request.headers.set('Idempotency-Key', crypto.randomUUID())
    if (request.method === 'PATCH') request.headers.set('Content-Type', 'application/merge-patch+json')
  },
  onResponse({ response }) {
    connection.report(response.status === 401 ? 'signed-out' : 'connected')
  },
  onError() {
    connection.report('unreachable')
    return new Unreachable()
  },
}

/** Calls of the admin API, typed by its OpenAPI document. */
export const api = createClient<paths>({
  baseUrl: location.origin,
  credentials: 'same-origin',
  // The API reads repeated parameters.
  querySerializer: { array: { style: 'form', explode: true } },
})
api.use(manners)

interface Outcome<Data> {
  readonly data?: Data
  readonly error?: unknown
  readonly response: Response
}

interface Untyped {
  readonly params: { readonly path: Readonly<Record<string, string>> }
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Calls an operation that is known only as the page runs, such as that of a remedy. @param path a template, as in the OpenAPI document */
export const request = api.request as unknown as (
  method: string,
  path: string,
  init: Untyped,
) => Promise<Outcome<unknown>>

/** The body of a success. @throws Problem */
export async function read<Data>(call: Promise<Outcome<Data>>): Promise<Data> {
  return (await readTagged(call)).data
}

/** A state, and the tag that a change of it sends back. */
export interface Tagged<Data> {
  readonly data: Data
  readonly etag: string
}

/** The body of a success, with its ETag. @throws Problem */
export async function readTagged<Data>(call: Promise<Outcome<Data>>): Promise<Tagged<Data>> {
  const { data, error, response } = await call
  if (error !== undefined || !response.ok) throw new Problem(response, Object(error))
  return { data: data as Data, etag: response.headers.get('etag') ?? '' }
}

/** The header that makes a change count only if the state is still the one that was read (RFC 9110 §13.1.1). */
export const ifUnchanged = (etag: string) => ({ headers: { 'If-Match': etag } })

/** The header that states why, for the audit log. */
export const becauseOf = (reason: string): Readonly<Record<string, string>> =>
  // A header takes Latin-1 only, so UTF-8 travels byte by byte.
  reason.trim() === '' ? {} : { 'Tessera-Reason': String.fromCharCode(...new TextEncoder().encode(reason.trim())) }
