import type { Answer } from '../../api/types.ts'

/** An operation that a remedy may name, as the admin API has it. */
interface Operation {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/api/v1`, with parameters in braces. */
  readonly path: string
  readonly may: Answer<'me.show'>['permissions'][number]
  /** Whether it takes the tag of the state that was read. */
  readonly isConditional?: true
  /** Whether something ends, at once or later. */
  readonly ends?: true
}

const credential = '/clients/{client_id}/credentials/{credential}'

/** The operations of remedies. A test compares them with those of the server. */
export const operations: Readonly<Record<string, Operation>> = {
  'clients.enable': { method: 'POST', path: '/clients/{client_id}/enable', may: 'clients:write' },
  'clients.change': { method: 'PATCH', path: '/clients/{client_id}', may: 'clients:write', isConditional: true },
  'grants.replace': {
    method: 'PUT',
    path: '/clients/{client_id}/grants/{audience}',
    may: 'clients:write',
    isConditional: true,
  },
  'credentials.add': { method: 'POST', path: '/clients/{client_id}/credentials', may: 'credentials:write' },
  'credentials.rotate': { method: 'POST', path: `${credential}/rotate`, may: 'credentials:rotate', ends: true },
  'credentials.delete': {
    method: 'DELETE',
    path: credential,
    may: 'credentials:delete',
    isConditional: true,
    ends: true,
  },
  'revocations.add': { method: 'POST', path: '/revocations', may: 'revocations:write', ends: true },
  'keys.rotate': { method: 'POST', path: '/keys/rotate', may: 'keys:write' },
}
