import { api, becauseOf, presentCsrfToken, read } from '../../api/client.ts'
import { Problem } from '../../api/problem.ts'
import type { Action } from './explanation.ts'
import { operations } from './operations.ts'

/** The state that a change begins from, and its tag; neither if the thing is not there yet. */
export interface Present {
  readonly values: Readonly<Record<string, unknown>>
  readonly etag: string | null
}

/** Reads the state that an action changes. @throws Problem */
export async function presentFor({ operation, path }: Action): Promise<Present> {
  const target = addressOf(operations[operation]?.path ?? '', path)
  const response = await fetch(target, { credentials: 'same-origin' })
  if (response.status === 404) return { values: {}, etag: null }
  return { values: Object(await bodyOf(response)), etag: response.headers.get('etag') }
}

/** Makes the change of a remedy. @param present the state that the person saw @throws Problem, 412 if it is another one now */
export async function run(action: Action, present: Present | undefined, reason: string): Promise<unknown> {
  const { method, path } = operations[action.operation] ?? { method: 'POST', path: '' }
  const { body } = action
  const response = await fetch(addressOf(path, action.path), {
    method,
    credentials: 'same-origin',
    headers: {
      ...becauseOf(reason),
      ...(present && (present.etag === null ? { 'If-None-Match': '*' } : { 'If-Match': present.etag })),
      'X-CSRF-Token': presentCsrfToken(),
      ...(method === 'POST' && { 'Idempotency-Key': crypto.randomUUID() }),
      ...(body !== undefined && {
        'Content-Type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return bodyOf(response)
}

/** Shows who would notice the end of a credential. @throws Problem */
export const effectOf = ({ path: { client_id: client = '', credential: id = '' } = {} }: Action) =>
  read(
    api.GET('/api/v1/clients/{client_id}/credentials/{credential}/effect', {
      params: { path: { client_id: client, credential: id } },
    }),
  )

const addressOf = (template: string, path: Action['path'] = {}): string =>
  `/api/v1${template.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''))}`

async function bodyOf(response: Response): Promise<unknown> {
  if (response.ok) return response.status === 204 ? undefined : response.json()
  throw new Problem(response, Object(await response.json().catch(() => undefined)))
}
