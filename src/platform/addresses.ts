/** Time, chance, addresses, turns of the event loop: what every part needs, and a test may hold still. May import nothing of ours. */

import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import { UserError } from './user-error.ts'

/** RFC 4291 §2.5.5.2: an IPv4 address as a listener for both families shows it. */
const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

/**
 * The bytes of an IP address: 4 of IPv4, also where that is mapped into IPv6, and 16 of IPv6. Undefined for text that is no
 * address. One with a zone (RFC 4007 §11) is none: it means something on one machine alone.
 */
export function addressBytes(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.').map(Number))
  if (!isIPv6(text) || text.includes('%')) return undefined
  const [head = '', tail] = text.split('::')
  const before = bytesOfGroups(head)
  const after = bytesOfGroups(tail ?? '')
  const between = new Array<number>(16 - before.length - after.length).fill(0)
  const bytes = Uint8Array.from([...before, ...between, ...after])
  return MAPPED_PREFIX.every((byte, at) => bytes[at] === byte) ? bytes.subarray(MAPPED_PREFIX.length) : bytes
}

/** The groups of one side of a `::`; an IPv4 address at the end is two of them (RFC 4291 §2.2). */
function bytesOfGroups(side: string): readonly number[] {
  if (side === '') return []
  return side.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number)
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

/** The one text for an address, however it was written (RFC 5952, and IPv4 for what is mapped); undefined where it is none. */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text
  const bytes = addressBytes(text)
  if (bytes === undefined) return undefined
  return bytes.length === 4 ? bytes.join('.') : new SocketAddress({ address: text, family: 'ipv6' }).address
}

/** An address without the zone that tells which network of this machine it is on. */
export const withoutZone = (text: string): string => text.replace(/%.*$/s, '')

interface Network {
  readonly bytes: Uint8Array
  /** How many of the leading bits count. */
  readonly length: number
}

/** Undefined where the text is neither an address nor a network in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3). */
function parseNetwork(text: string): Network | undefined {
  const [address = '', prefix, ...rest] = text.split('/')
  const bytes = addressBytes(address)
  if (bytes === undefined || rest.length > 0) return undefined
  const written = isIPv4(address) ? 32 : 128
  const length = prefix === undefined ? written : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  // A network of mapped addresses is one of IPv4 addresses; a wider one would be neither.
  const ownLength = length - (written - 8 * bytes.length)
  return length <= written && ownLength >= 0 ? { bytes, length: ownLength } : undefined
}

/** Whether a text names an address, or a network by its prefix length. */
export const isAddressOrNetwork = (text: string): boolean => parseNetwork(text) !== undefined

/** Networks of both families, which are kept apart: `::/0` has no IPv4 address. */
export class Networks {
  readonly #networks: readonly Network[]

  /** @throws UserError where one of these is neither an address nor a network */
  constructor(networks: readonly string[]) {
    this.#networks = networks.map((text) => {
      const network = parseNetwork(text)
      if (network === undefined)
        throw new UserError(`${text} is neither an IP address nor a network such as 10.0.0.0/8`)
      return network
    })
  }

  has(address: string): boolean {
    const bytes = addressBytes(address)
    return bytes !== undefined && this.#networks.some((network) => isWithin(bytes, network))
  }
}

function isWithin(address: Uint8Array, { bytes, length }: Network): boolean {
  if (address.length !== bytes.length) return false
  return bytes.every((byte, at) => {
    const bits = Math.min(8, Math.max(0, length - 8 * at))
    const mask = (0xff00 >> bits) & 0xff
    return ((byte ^ (address[at] ?? 0)) & mask) === 0
  })
}
