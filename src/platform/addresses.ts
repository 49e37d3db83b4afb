import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import { UserError } from './user-error.ts'

/** The prefix of an IPv4 address as a listener for both families shows it (RFC 4291 §2.5.5.2). */
const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

/**
 * The bytes of an IP address: 4 for IPv4, even if it is mapped into IPv6, and 16 for IPv6. Undefined if the text is not an address.
 * An address with a zone (RFC 4007 §11) is not accepted, since its zone means something on one machine only.
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

/** The origin of a listener. @param host a name, or an address without brackets */
export const originOf = (isTls: boolean, host: string, port: number): string =>
  `${isTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`

/** The groups of one side of a `::`; an IPv4 address at the end is two of them (RFC 4291 §2.2). */
function bytesOfGroups(side: string): readonly number[] {
  if (side === '') return []
  return side.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number)
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

/** The canonical text of an address (RFC 5952; a mapped address becomes IPv4). Undefined if the text is not an address. */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text
  const bytes = addressBytes(text)
  if (bytes === undefined) return undefined
  return bytes.length === 4 ? bytes.join('.') : new SocketAddress({ address: text, family: 'ipv6' }).address
}

/** An address without its zone, which names a network of this machine. */
export const withoutZone = (text: string): string => text.replace(/%.*/s, '')

interface Network {
  readonly bytes: Uint8Array
  /** The length of the prefix in bits. */
  readonly length: number
}

/** Parses an address or a network in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3). Undefined for any other text. */
function parseNetwork(text: string): Network | undefined {
  const [address = '', prefix, ...rest] = text.split('/')
  const bytes = addressBytes(address)
  if (bytes === undefined || rest.length > 0) return undefined
  const written = isIPv4(address) ? 32 : 128
  const length = prefix === undefined ? written : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  // A network of mapped addresses counts as an IPv4 network. A wider one would mix both families, so it is refused.
  const ownLength = length - (written - 8 * bytes.length)
  return length <= written && ownLength >= 0 ? { bytes, length: ownLength } : undefined
}

/** Whether a text names an address, or a network by its prefix length. */
export const isAddressOrNetwork = (text: string): boolean => parseNetwork(text) !== undefined

/** Networks of both families. The families are kept apart: `::/0` contains no IPv4 address. */
export class Networks {
  readonly #networks: readonly Network[]

  /** @throws UserError if one of the texts is neither an address nor a network */
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

/** The networks that contain an address, as text. Addresses in the same network get the same text. */
interface NetworksAround {
  /** The network of a provider: an IPv4 /16, or an IPv6 /32. */
  readonly region: string
  /** The largest network of an IPv6 customer, a /48 with 65,536 networks (RFC 6177 §2); undefined for IPv4. */
  readonly site: string | undefined
  /** The network that counts as one address: an IPv4 address, or an IPv6 /64, whose addresses may all belong to one host. */
  readonly own: string
  /** All of these networks and the ones between them, the widest first. */
  readonly widestFirst: readonly string[]
}

/**
 * The networks that contain an address. An IPv4 address mapped into IPv6, as a listener for both families shows it, counts as the
 * IPv4 address. Text that is not an address is used unchanged.
 */
export function networksOf(address: string): NetworksAround {
  const bytes = addressBytes(withoutZone(address))
  if (bytes === undefined) return { region: address, site: undefined, own: address, widestFirst: [address] }
  return bytes.length === 4 ? networksOfIpv4([...bytes].map(String)) : networksOfIpv6(bytes)
}

function networksOfIpv4(octets: readonly string[]): NetworksAround {
  const widestFirst = [1, 2, 3].map((count) => `${octets.slice(0, count).join('.')}/${count * 8}`)
  const own = octets.join('.')
  return { region: widestFirst[1] ?? own, site: undefined, own, widestFirst: [...widestFirst, own] }
}

function networksOfIpv6(bytes: Uint8Array): NetworksAround {
  const groups = [0, 2, 4, 6].map((at) => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0))
  const [a = '', b = '', c = '', d = ''] = groups.map((group) => group.toString(16))
  const region = `${a}:${b}::/32`
  const site = `${a}:${b}:${c}::/48`
  const within = `${a}:${b}:${c}:${((groups[3] ?? 0) & 0xff00).toString(16)}::/56`
  const own = `${a}:${b}:${c}:${d}::/64`
  return { region, site, own, widestFirst: [region, site, within, own] }
}
