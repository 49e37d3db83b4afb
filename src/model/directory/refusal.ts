import { OAuthError } from '../../oauth/error.ts'
import type { Unreadable } from '../../platform/unreadable.ts'

/** The refusal of a request that needs an unreadable record. The right answer is unknown, so it is 503. */
export const refusalOf = ({ kind, id, problem }: Unreadable): OAuthError =>
  new OAuthError('record_unreadable', { detail: { record: `${kind} ${id}`, problem } })
