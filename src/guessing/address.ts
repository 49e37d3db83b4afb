/**
 * Slows the guessing of secrets that people chose, per client and per address, in bounded memory. May import `oauth` and
 * `platform`.
 */

import { addressBytes, withoutZone } from '../platform/addresses.ts'

/** The networks around an address, as text that is the same for all addresses within each. */
export interface Networks {
  /** What one provider hands out: an IPv4 /16, or an IPv6 /32. */
  readonly region: string
  /** What one IPv6 customer gets at the most, a /48 with 65,536 networks of its own (RFC 6177 §2); undefined for IPv4. */
  readonly site: string | undefined
  /** What counts as one address: an IPv4 address, or an IPv6 /64, all of whose 2^64 addresses belong to one host. */
  readonly own: string
  /** All of these and those between them, the widest first. */
  readonly widestFirst: readonly string[]
}

/**
 * The networks around an address. An IPv4 address that is mapped into IPv6, as a listener for both shows it, is that IPv4
 * address. Text that is no address stands for itself.
 */
export function networksOf(address: string): Networks {
  const bytes = addressBytes(withoutZone(address))
  if (bytes === undefined) return { region: address, site: undefined, own: address, widestFirst: [address] }
  return bytes.length === 4 ? networksOfIpv4([...bytes].map(String)) : networksOfIpv6(bytes)
}

function networksOfIpv4(octets: readonly string[]): Networks {
  const widestFirst = [1, 2, 3].map((count) => `${octets.slice(0, count).join('.')}/${count * 8}`)
  const own = octets.join('.')
  return { region: widestFirst[1] ?? own, site: undefined, own, widestFirst: [...widestFirst, own] }
}

function networksOfIpv6(bytes: Uint8Array): Networks {
  const groups = [0, 2, 4, 6].map((at) => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0))
  const [a = '', b = '', c = '', d = ''] = groups.map((group) => group.toString(16))
  const region = `${a}:${b}::/32`
  const site = `${a}:${b}:${c}::/48`
  const within = `${a}:${b}:${c}:${((groups[3] ?? 0) & 0xff00).toString(16)}::/56`
  const own = `${a}:${b}:${c}:${d}::/64`
  return { region, site, own, widestFirst: [region, site, within, own] }
}
