import { AddressRules } from '../client-auth/remote-jwks/addresses.ts'
import { JsonFetcher } from '../client-auth/remote-jwks/fetch-json.ts'
import { proxyOf } from '../client-auth/remote-jwks/proxy.ts'
import type { Dependencies } from './environment.ts'

/** Fetches from outside, by the rules of the section `outbound`. */
export const fetcherOf = ({ config, lookup }: Pick<Dependencies, 'config' | 'lookup'>): JsonFetcher =>
  new JsonFetcher({
    addresses: new AddressRules(config.outbound.allow),
    proxy: proxyOf(config.outbound),
    ...(config.outboundAuthorities && { ca: [config.outboundAuthorities] }),
    lookup,
  })
