/**
 * Slows the guessing of secrets that people chose, per client and per address, in bounded memory. May import `oauth` and
 * `platform`.
 */

import { isIPv4, isIPv6 } from 'node:net'

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
 * What an address is counted under. Whoever has an IPv6 network has all its 2^64 addresses, so the network counts; an IPv4
 * address mapped into IPv6, as a listener for both shows it, is that IPv4 address. Text that is no address stands for itself.
 */
export function networkOf(address: string): string {
  if (isIPv4(address) || !isIPv6(address)) return address
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const before = groupsOf(head)
  const after = groupsOf(tail ?? '')
  const groups = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after]
  const [, , , , , mapped, high = 0, low = 0] = groups
  if (mapped === 0xffff && groups.slice(0, 5).every((group) => group === 0)) {
    return [high >> 8, high & 255, low >> 8, low & 255].join('.')
  }
  const network = groups.slice(0, 4).map((group) => group.toString(16))
  return `${network.join(':')}::/64`
}
