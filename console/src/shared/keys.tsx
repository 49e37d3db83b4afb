import { queryOptions } from '@tanstack/react-query'
import { api, read } from '../api/client.ts'
import type { Entry } from '../api/types.ts'
import { keys as t } from '../texts/keys.ts'
import type { IconName } from './icon.tsx'
import { Status, type StatusKind } from './status.tsx'

export type Key = Entry<'keys.list'>

const EVERY_MS = 10_000

/** The keys. A rotation goes on by itself, so they are read again now and then. */
export const keysQuery = queryOptions({
  queryKey: ['keys'],
  queryFn: () => read(api.GET('/api/v1/keys')),
  refetchInterval: EVERY_MS,
})

const LOOKS: Readonly<Record<string, readonly [StatusKind, IconName?]>> = {
  pending: ['warn', 'clock'],
  active: ['good'],
  retiring: ['quiet'],
  revoked: ['bad'],
  gone: ['quiet', 'cross'],
  unreadable: ['bad', 'warn'],
}

/** The state of a key in words. */
export function KeyState({ item: { state, unreadable } }: { readonly item: Key }) {
  const name = unreadable === undefined ? (state ?? 'gone') : 'unreadable'
  const [kind, icon] = LOOKS[name] ?? ['quiet']
  return (
    <Status kind={kind} {...(icon && { icon })}>
      {t.states[name]}
    </Status>
  )
}
