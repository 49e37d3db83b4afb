/**
 * Slows the guessing of secrets that people chose, per client and per address, in bounded memory. May import `oauth` and
 * `platform`.
 */

import { isIPv4, isIPv6 } from 'node:net'

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

/** The groups of one side of a `::`; an IPv4 address at the end is two of them (RFC 4291 §2.2). */
function groupsOf(side: string): number[] {
  if (side === '') return []
  return side.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}

/**
 * The networks around an address. An IPv4 address that is mapped into IPv6, as a listener for both shows it, is that IPv4
 * address. Text that is no address stands for itself.
 */
export function networksOf(address: string): Networks {
  if (isIPv4(address)) return networksOfIpv4(address.split('.'))
  if (!isIPv6(address)) return { region: address, site: undefined, own: address, widestFirst: [address] }
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const before = groupsOf(head)
  const after = groupsOf(tail ?? '')
  const groups = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after]
  const [, , , , , mapped, high = 0, low = 0] = groups
  if (mapped === 0xffff && groups.slice(0, 5).every((group) => group === 0)) {
    return networksOfIpv4([high >> 8, high & 255, low >> 8, low & 255].map(String))
  }
  return networksOfIpv6(groups)
}

function networksOfIpv4(octets: readonly string[]): Networks {
  const widestFirst = [1, 2, 3].map((count) => `${octets.slice(0, count).join('.')}/${count * 8}`)
  const own = octets.join('.')
  return { region: widestFirst[1] ?? own, site: undefined, own, widestFirst: [...widestFirst, own] }
}

function networksOfIpv6(groups: readonly number[]): Networks {
  const [a = '', b = '', c = '', d = ''] = groups.slice(0, 4).map((group) => group.toString(16))
  const region = `${a}:${b}::/32`
  const site = `${a}:${b}:${c}::/48`
  const within = `${a}:${b}:${c}:${((groups[3] ?? 0) & 0xff00).toString(16)}::/56`
  const own = `${a}:${b}:${c}:${d}::/64`
  return { region, site, own, widestFirst: [region, site, within, own] }
}
