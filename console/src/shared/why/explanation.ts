import { queryOptions } from '@tanstack/react-query'
import { api, read } from '../../api/client.ts'
import type { Entry } from '../../api/types.ts'

/** A change that mends the cause, as a call of the admin API. */
export interface Action {
  readonly operation: string
  readonly path?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export interface Remedy {
  readonly text: string
  readonly kind: 'command' | 'client' | 'api' | 'setting' | 'request'
  readonly value: string
  readonly action?: Action
}

export interface Check {
  readonly check: string
  readonly passed: boolean
  readonly expected: string
  readonly received: string
  readonly note?: string
}

/** The explanation of one event of a request. The members after `request_id` are those of a refusal. */
export interface Explanation
  extends Readonly<Pick<Entry<'explanations.list'>, 'time' | 'type' | 'result' | 'request_id'>> {
  /** The decisions that led to an issued token. */
  readonly steps?: readonly { readonly step: string; readonly result: string; readonly why: string }[]
  readonly reason?: string
  readonly meaning?: string
  readonly answered?: { readonly status: number; readonly error: string }
  readonly notes?: readonly string[]
  readonly checks?: readonly Check[]
  readonly did_you_mean?: readonly { readonly sent: string; readonly meant: string }[]
  readonly remedies?: readonly Remedy[]
  readonly client_id?: string
  readonly remote_address?: string
  readonly credential_label?: string
  readonly detail?: Readonly<Record<string, unknown>>
}

/** @param request a request id, or text that has one */
export const explanationQuery = (request: string) =>
  queryOptions({
    queryKey: ['explanations', request],
    queryFn: async (): Promise<readonly Explanation[]> =>
      (await read(api.GET('/api/v1/explanations', { params: { query: { request } } }))).items,
  })
