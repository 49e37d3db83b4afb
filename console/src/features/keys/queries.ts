import { api, becauseOf, read } from '../../api/client.ts'
import type { Input } from '../../api/types.ts'
import type { Key } from '../../shared/keys.tsx'

const algorithms = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const satisfies readonly Input<'keys.rotate'>['algorithm'][]
type Algorithm = (typeof algorithms)[number]

/** The algorithm of a text in the address; undefined if no key signs with one of this name. */
export const algorithmOf = (text: string): Algorithm | undefined => algorithms.find((one) => one === text)
export type Consumer = NonNullable<Key['fetched_by']>[number]

/** The algorithm of the key that seals what the server keeps. It is not published. */
export const isSealing = ({ algorithm = '' }: Key): boolean => /^(A|dir)/.test(algorithm)

interface Rotation {
  readonly algorithm: Algorithm
  readonly isNow: boolean
  readonly reason: string
}

export const rotate = ({ algorithm, isNow: now, reason }: Rotation) =>
  read(api.POST('/api/v1/keys/rotate', { body: { algorithm, now }, headers: becauseOf(reason) }))

export const rollBack = ({ algorithm, reason }: Omit<Rotation, 'isNow'>) =>
  read(api.POST('/api/v1/keys/rollback', { body: { algorithm }, headers: becauseOf(reason) }))

export const revoke = (kid: string, reason: string) =>
  read(api.POST('/api/v1/keys/{kid}/revoke', { params: { path: { kid } }, headers: becauseOf(reason) }))
