import { queryOptions } from '@tanstack/react-query'
import { api, read } from '../api/client.ts'

/** The addresses of the server that programs need. */
export interface Addresses {
  readonly issuer: string
  readonly tokenUrl: string
}

/** The addresses, the version and the metadata of the server. It changes with a restart alone. */
export const serverQuery = queryOptions({
  queryKey: ['server'],
  queryFn: () => read(api.GET('/api/v1/server')),
})

export const addressesQuery = queryOptions({
  ...serverQuery,
  select: ({ issuer, endpoints }): Addresses => ({ issuer, tokenUrl: endpoints.token?.[0] ?? issuer }),
  staleTime: Number.POSITIVE_INFINITY,
})
