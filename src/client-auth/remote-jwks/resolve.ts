import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { networkFault } from '../../platform/system-error.ts'
import type { AddressRules } from './addresses.ts'
import { FetchError } from './fetch-error.ts'
import { hostOf } from './url.ts'

/** An address of a host. */
export interface HostAddress {
  readonly address: string
  readonly family: number
}

/** Resolves a name to all its addresses. Rejects if the name does not resolve. */
export type Lookup = (host: string) => Promise<readonly HostAddress[]>

/** The system's resolver: the hosts file, then the DNS. */
export const systemLookup: Lookup = (host) => lookup(host, { all: true })

/**
 * The permitted addresses of a URL's host. The caller must connect to these and not resolve the name again, since a second answer
 * may differ from the checked one.
 * @throws FetchError `dns` or `address_refused`
 */
export async function resolveHost(url: URL, rules: AddressRules, ask: Lookup): Promise<readonly HostAddress[]> {
  const host = hostOf(url)
  const addresses = isIP(host) === 0 ? await askFor(host, url, ask) : [{ address: host, family: isIP(host) }]
  const refused: string[] = []
  const permitted = addresses.filter(({ address }) => {
    const reason = rules.refuse(address)
    if (reason !== undefined) refused.push(`${address} (${reason})`)
    return reason === undefined
  })
  if (permitted.length > 0) return permitted
  if (refused.length === 0) throw new FetchError('dns', url.href, `${host} has no address`)
  const where = refused.slice(0, 4).join(', ')
  throw new FetchError(
    'address_refused',
    url.href,
    `${host} is at ${where}, which the configuration does not allow: see outbound.allow`,
  )
}

async function askFor(host: string, url: URL, ask: Lookup): Promise<readonly HostAddress[]> {
  try {
    return await ask(host)
  } catch (cause) {
    throw new FetchError(
      'dns',
      url.href,
      `${host} does not resolve: ${networkFault(cause) ?? 'its name could not be looked up'}`,
      cause,
    )
  }
}
