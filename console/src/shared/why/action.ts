import { queryOptions } from '@tanstack/react-query'
import { api, becauseOf, presentCsrfToken, read } from '../../api/client.ts'
import { Problem } from '../../api/problem.ts'
import type { Action } from './explanation.ts'

interface Described {
  readonly operationId: string
  readonly summary: string
  readonly parameters?: readonly { readonly in: string; readonly name: string }[]
}

type Paths = Readonly<Record<string, Readonly<Record<string, Described>>>>

/** The API's own description. It says how each operation is called. */
export const openApiQuery = queryOptions({
  queryKey: ['openapi'],
  queryFn: async (): Promise<Paths> => Object((await read(api.GET('/api/v1/openapi.json')))['paths']),
  staleTime: Number.POSITIVE_INFINITY,
})

/** An action with the request that it makes. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly summary: string
  readonly isConditional: boolean
  /** The path that shows its consequences; undefined for an action that ends nothing. */
  readonly effectPath: string | undefined
  readonly action: Action
}

/** The request of an action; undefined if this server has no such operation. */
export function callOf(paths: Paths, action: Action): Call | undefined {
  for (const [template, methods] of Object.entries(paths)) {
    for (const [method, described] of Object.entries(methods)) {
      if (described.operationId !== action.operation) continue
      const filled = (path: string) =>
        path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(action.path?.[name] ?? ''))
      const ends = /delete|revoke|disable|remove/.test(action.operation) && `${template}/effect` in paths
      return {
        method: method.toUpperCase(),
        path: filled(template),
        summary: described.summary,
        isConditional: (described.parameters ?? []).some((one) => one.name === 'If-Match'),
        effectPath: ends ? filled(`${template}/effect`) : undefined,
        action,
      }
    }
  }
  return undefined
}

/** Makes the change of a remedy, on the state that is there now. @throws Problem */
export async function run({ method, path, isConditional, action }: Call, reason: string): Promise<unknown> {
  const query = new URLSearchParams(action.query).toString()
  const etag = isConditional ? (await send('GET', path)).headers.get('etag') : null
  const response = await send(method, query === '' ? path : `${path}?${query}`, {
    body: action.body,
    headers: { ...becauseOf(reason), ...(etag !== null && { 'If-Match': etag }) },
  })
  return response.status === 204 ? undefined : response.json()
}

/** @throws Problem */
export async function effectOf(path: string): Promise<Readonly<Record<string, unknown>>> {
  return Object((await (await send('GET', path)).json()) as unknown)
}

async function send(
  method: string,
  path: string,
  { body, headers = {} }: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Response> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const response = await fetch(path, {
    method,
    credentials: 'same-origin',
    headers: {
      ...headers,
      ...(method !== 'GET' && { 'X-CSRF-Token': presentCsrfToken() }),
      ...(method === 'POST' && { 'Idempotency-Key': crypto.randomUUID() }),
      ...(body !== undefined && { 'Content-Type': type }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Problem(response, Object(await response.json().catch(() => undefined)))
  return response
}
