import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api, read, readTagged } from '../../api/client.ts'

const PAGE = '100'
const FILES_EVERY_MS = 3_000

export const settingsQuery = queryOptions({
  queryKey: ['settings', 'configuration'],
  queryFn: () => read(api.GET('/api/v1/settings')),
})

/** Readiness is looked at about as often as by a load balancer. */
const HEALTH_EVERY_MS = 10_000

export const healthQuery = queryOptions({
  queryKey: ['settings', 'health'],
  queryFn: () => read(api.GET('/api/v1/health')),
  refetchInterval: HEALTH_EVERY_MS,
})

export const tenantsQuery = queryOptions({
  queryKey: ['settings', 'tenants'],
  queryFn: () => read(api.GET('/api/v1/tenants')),
})

/** The state of the files. They are corrected beside this page, so it is read again and again. */
export const manifestQuery = queryOptions({
  queryKey: ['settings', 'manifest'],
  queryFn: () => read(api.GET('/api/v1/manifest')),
  refetchInterval: FILES_EVERY_MS,
})

export const sessionsQuery = queryOptions({
  queryKey: ['settings', 'sessions'],
  queryFn: () => read(api.GET('/api/v1/sessions')),
})

const pageOf = (cursor: string) => ({ params: { query: { limit: PAGE, ...(cursor !== '' && { cursor }) } } })

export const accountsQuery = infiniteQueryOptions({
  queryKey: ['accounts', 'list'],
  queryFn: ({ pageParam }) => read(api.GET('/api/v1/accounts', pageOf(pageParam))),
  initialPageParam: '',
  getNextPageParam: ({ next }) => next,
})

/** An account with its tag. */
export const accountQuery = (name: string) =>
  queryOptions({
    queryKey: ['accounts', 'one', name],
    queryFn: () => readTagged(api.GET('/api/v1/accounts/{name}', { params: { path: { name } } })),
  })

export const groupsQuery = infiniteQueryOptions({
  queryKey: ['groups', 'list'],
  queryFn: ({ pageParam }) => read(api.GET('/api/v1/groups', pageOf(pageParam))),
  initialPageParam: '',
  getNextPageParam: ({ next }) => next,
})

/** A group with its tag. */
export const groupQuery = (group: string) =>
  queryOptions({
    queryKey: ['groups', 'one', group],
    queryFn: () => readTagged(api.GET('/api/v1/groups/{group}', { params: { path: { group } } })),
  })

export const ownedClientsQuery = (owner: string) =>
  queryOptions({
    queryKey: ['groups', 'owned', owner],
    queryFn: () => read(api.GET('/api/v1/counts/clients', { params: { query: { owner: [owner] } } })),
  })
