import { queryOptions } from '@tanstack/react-query'
import { api, read } from '../api/client.ts'

/** The addresses of the server that programs need. */
export interface Addresses {
  readonly issuer: string
  readonly tokenUrl: string
}

const TOKEN_PATH = '/as/token.oauth2'

export const addressesQuery = queryOptions({
  queryKey: ['addresses'],
  queryFn: async (): Promise<Addresses> => {
    const { items } = await read(api.GET('/api/v1/tenants'))
    const issuer = items[0]?.issuer ?? location.origin
    return { issuer, tokenUrl: `${issuer.replace(/\/$/, '')}${TOKEN_PATH}` }
  },
  staleTime: Number.POSITIVE_INFINITY,
})
