import { queryOptions, useSuspenseQueries } from '@tanstack/react-query'
import { api, read, takeCsrfToken } from './client.ts'
import type { Answer } from './types.ts'

export type Permission = Answer<'me.show'>['permissions'][number]

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: () => read(api.GET('/api/v1/me')),
  staleTime: 60_000,
})

export const permissionsQuery = queryOptions({
  queryKey: ['permissions'],
  queryFn: () => read(api.GET('/api/v1/permissions')),
  staleTime: Number.POSITIVE_INFINITY,
})

/** The things over which somebody may do something: those of an owner, or anything at all. */
export type Over = { readonly owner: string | undefined } | 'anything'

/** Says whether the person may do something. Without `over`, it must be allowed over everything. */
export type May = (permission: Permission, over?: Over) => boolean

/** The permissions of the person, so that pages offer nothing that the server would refuse. */
export function useMay(): May {
  const [{ data: me }, { data: permissions }] = useSuspenseQueries({ queries: [meQuery, permissionsQuery] })
  return (permission, over) => {
    if (me.permissions.includes(permission)) return true
    const within = permissions.items.find((one) => one.name === permission)?.within
    if (within === undefined || over === undefined) return false
    const groups = me.groups.filter((group) => group.permissions.includes(within))
    return over === 'anything' ? groups.length > 0 : groups.some((group) => group.name === over.owner)
  }
}

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async () => {
    const session = await read(api.GET('/api/v1/session'))
    takeCsrfToken(session.csrf_token)
    return session
  },
  staleTime: 60_000,
})
