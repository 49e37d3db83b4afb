import { queryOptions } from '@tanstack/react-query'
import { api, read } from '../api/client.ts'

/** The addresses of the server that programs need. */
export interface Addresses {
  readonly issuer: string
  readonly tokenUrl: string
}

export const addressesQuery = queryOptions({
  queryKey: ['addresses'],
  queryFn: async (): Promise<Addresses> => {
    const { issuer, endpoints } = await read(api.GET('/api/v1/server'))
    return { issuer, tokenUrl: endpoints.token?.[0] ?? issuer }
  },
  staleTime: Number.POSITIVE_INFINITY,
})
