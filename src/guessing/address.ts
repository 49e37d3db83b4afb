/**
 * Slows the guessing of secrets that people chose, per client and per address, in bounded memory. May import `oauth` and
 * `platform`.
 */

import { addressBytes, withoutZone } from '../platform/addresses.ts'

/**
 * What an address is counted under. Whoever has an IPv6 network has all its 2^64 addresses, so the network counts; an IPv4
 * address mapped into IPv6, as a listener for both shows it, is that IPv4 address. Text that is no address stands for itself.
 */
export function networkOf(address: string): string {
  const bytes = addressBytes(withoutZone(address))
  if (bytes === undefined) return address
  if (bytes.length === 4) return bytes.join('.')
  const groups = [0, 2, 4, 6].map((at) => (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16))
  return `${groups.join(':')}::/64`
}
