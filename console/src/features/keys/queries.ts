import { api, becauseOf, read } from '../../api/client.ts'
import type { Input } from '../../api/types.ts'
import type { Key } from '../../shared/keys.tsx'

export type Algorithm = NonNullable<Input<'keys.rotate'>['algorithm']>
export type Consumer = NonNullable<Key['fetched_by']>[number]

/** The algorithm of the key that seals what the server keeps. It is not published. */
export const isSealing = ({ algorithm = '' }: Key): boolean => /^(A|dir)/.test(algorithm)

export const rotate = (algorithm: Algorithm, now: boolean, reason: string) =>
  read(api.POST('/api/v1/keys/rotate', { body: { algorithm, now }, headers: becauseOf(reason) }))

export const rollBack = (algorithm: Algorithm, reason: string) =>
  read(api.POST('/api/v1/keys/rollback', { body: { algorithm }, headers: becauseOf(reason) }))

export const revoke = (kid: string, reason: string) =>
  read(api.POST('/api/v1/keys/{kid}/revoke', { params: { path: { kid } }, headers: becauseOf(reason) }))
