import { OAuthError } from '../oauth/error.ts'
import type { Unreadable } from '../platform/unreadable.ts'

/** The answer to a request that needs a record which can't be read: nobody can tell what it would have been otherwise. */
export const refusalOf = ({ kind, id, problem }: Unreadable): OAuthError =>
  new OAuthError('record_unreadable', { detail: { record: `${kind} ${id}`, problem } })
