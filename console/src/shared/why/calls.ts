import { api, becauseOf, read, readTagged, request } from '../../api/client.ts'
import { isMissing } from '../../api/problem.ts'
import type { Action } from './explanation.ts'
import { operations } from './operations.ts'

/** The state that a change begins from, and its tag; neither if the thing is not there yet. */
export interface Present {
  readonly values: Readonly<Record<string, unknown>>
  readonly etag: string | null
}

/** Reads the state that an action changes. @throws Problem */
export async function presentFor(action: Action): Promise<Present> {
  try {
    const { data, etag } = await readTagged(request('GET', addressOf(action), paramsOf(action)))
    return { values: Object(data), etag }
  } catch (error) {
    if (isMissing(error)) return { values: {}, etag: null }
    throw error
  }
}

/** Makes the change of a remedy. @param present the state that the person saw @throws Problem, 412 if it is another one now */
export const run = (action: Action, present: Present | undefined, reason: string): Promise<unknown> =>
  read(
    request(operations[action.operation]?.method ?? 'POST', addressOf(action), {
      ...paramsOf(action),
      headers: {
        ...becauseOf(reason),
        ...(present && (present.etag === null ? { 'If-None-Match': '*' } : { 'If-Match': present.etag })),
      },
      body: action.body,
    }),
  )

/** Shows who would notice the end of a credential. @throws Problem */
export const effectOf = ({ path: { client_id: client = '', credential: id = '' } = {} }: Action) =>
  read(
    api.GET('/api/v1/clients/{client_id}/credentials/{credential}/effect', {
      params: { path: { client_id: client, credential: id } },
    }),
  )

const addressOf = ({ operation }: Action): string => `/api/v1${operations[operation]?.path ?? ''}`

const paramsOf = ({ path = {} }: Action) => ({ params: { path } })
