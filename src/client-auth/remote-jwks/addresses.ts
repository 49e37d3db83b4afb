import { addressBytes, canonicalAddress, Networks } from '../../platform/addresses.ts'

/**
 * Networks that contain no public host, with a description for administrators. They are the IANA Special-Purpose Address Registries
 * (RFC 6890; https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry), multicast, and the IPv6
 * space that is not global unicast (RFC 4291 §2.4). The first network that contains an address describes it.
 */
const SPECIAL_PURPOSE = [
  ['0.0.0.0/8', 'unspecified, RFC 791'],
  ['10.0.0.0/8', 'private, RFC 1918'],
  ['100.64.0.0/10', 'shared behind carrier NAT, RFC 6598'],
  ['127.0.0.0/8', 'loopback, RFC 1122'],
  ['169.254.0.0/16', 'link-local, RFC 3927'],
  ['172.16.0.0/12', 'private, RFC 1918'],
  ['192.0.0.0/24', 'IETF protocol assignments, RFC 6890'],
  ['192.0.2.0/24', 'documentation, RFC 5737'],
  ['192.88.99.0/24', 'former 6to4 relays, RFC 7526'],
  ['192.168.0.0/16', 'private, RFC 1918'],
  ['198.18.0.0/15', 'benchmarks, RFC 2544'],
  ['198.51.100.0/24', 'documentation, RFC 5737'],
  ['203.0.113.0/24', 'documentation, RFC 5737'],
  ['224.0.0.0/4', 'multicast, RFC 5771'],
  ['240.0.0.0/4', 'reserved or broadcast, RFC 1112'],
  ['::1', 'loopback, RFC 4291'],
  ['::/96', 'unspecified or IPv4-compatible, RFC 4291'],
  ['64:ff9b:1::/48', 'local NAT64, RFC 8215'],
  ['100::/64', 'discard-only, RFC 6666'],
  ['2001::/23', 'IETF protocol assignments (Teredo, benchmarks, ORCHID), RFC 2928'],
  ['2001:db8::/32', 'documentation, RFC 3849'],
  ['2002::/16', '6to4, which may hide any IPv4 address, RFC 7526'],
  ['3fff::/20', 'documentation, RFC 9637'],
  ['fc00::/7', 'unique-local, RFC 4193'],
  ['fe80::/10', 'link-local, RFC 4291'],
  ['fec0::/10', 'site-local, RFC 3879'],
  ['ff00::/8', 'multicast, RFC 4291'],
  ['::/3', 'not global unicast, RFC 4291'],
  ['4000::/2', 'not global unicast, RFC 4291'],
  ['8000::/1', 'not global unicast, RFC 4291'],
] as const

/** Addresses at which clouds give credentials to any program inside. They stay refused even in an allowed network. */
const METADATA = [
  ['169.254.169.254', 'cloud metadata'],
  ['169.254.170.2', 'cloud metadata (Amazon ECS)'],
  ['169.254.170.23', 'cloud metadata (Amazon EKS)'],
  ['100.100.100.200', 'cloud metadata (Alibaba)'],
  ['168.63.129.16', 'cloud metadata (Azure)'],
  ['192.0.0.192', 'cloud metadata (Oracle)'],
  ['fd00:ec2::254', 'cloud metadata (Amazon)'],
  ['fd00:ec2::23', 'cloud metadata (Amazon EKS)'],
  ['fd20:ce::254', 'cloud metadata (Google)'],
] as const

const kindsOf = (table: readonly (readonly [string, string])[]) =>
  table.map(([network, kind]) => ({ networks: new Networks([network]), kind }))
const specialPurpose = kindsOf(SPECIAL_PURPOSE)
const metadata = kindsOf(METADATA)
const WELL_KNOWN_NAT64 = new Networks(['64:ff9b::/96'])

const SIX_TO_FOUR = new Networks(['2002::/16'])
const TEREDO = new Networks(['2001::/32'])

/**
 * The byte at which an IPv4 address begins after a NAT64 prefix of 32, 40, 48, 56, 64 and 96 bits (RFC 6052 §2.2). The last is also
 * that of IPv4-compatible (RFC 4291 §2.5.5.1), IPv4-translated (RFC 2765 §2.1) and ISATAP addresses, and the first that of a Teredo
 * server (RFC 4380 §4).
 */
const IPV4_POSITIONS = [4, 5, 6, 7, 9, 12]
/** This byte is zero, and an embedded IPv4 address skips it (RFC 6052 §2.2). */
const RESERVED_BYTE = 8
/** The interface identifiers of ISATAP addresses, before their IPv4 address (RFC 5214 §6.1). */
const ISATAP: readonly string[] = ['00005efe', '02005efe']

const ipv4At = (bytes: Uint8Array, from: number): string =>
  [0, 1, 2, 3, 4]
    .map((offset) => from + offset)
    .filter((place) => place !== RESERVED_BYTE)
    .slice(0, 4)
    .map((place) => bytes[place])
    .join('.')

/**
 * The IPv4 addresses to which a packet for an IPv6 address may be routed. Any network may have its own, unknown NAT64 prefix, so each
 * place that RFC 6052 allows counts.
 */
function ipv4Within(address: string): readonly string[] {
  const bytes = addressBytes(address)
  if (bytes?.length !== 16) return []
  return [
    ...IPV4_POSITIONS.map((from) => ipv4At(bytes, from)),
    // RFC 3056 §2.
    ...(SIX_TO_FOUR.has(address) ? [ipv4At(bytes, 2)] : []),
    // The client, with all bits inverted (RFC 4380 §4).
    ...(TEREDO.has(address) ? [ipv4At(invert(bytes), 12)] : []),
  ]
}

const invert = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0xff)

/** The IPv4 address at the end of an ISATAP address, to which its packets go. */
function isatapIpv4(address: string): string | undefined {
  const bytes = addressBytes(address)
  if (bytes?.length !== 16) return undefined
  return ISATAP.includes(Buffer.from(bytes).toString('hex', 8, 12)) ? ipv4At(bytes, 12) : undefined
}

/** The IPv4 address behind the well-known NAT64 prefix (RFC 6052 §2.1). Any other address is returned unchanged. */
function withoutNat64(address: string): string {
  const bytes = addressBytes(address)
  return bytes !== undefined && WELL_KNOWN_NAT64.has(address) ? ipv4At(bytes, 12) : address
}

/** The reason why an address is not public; undefined if it is. */
function specialKind(address: string): string | undefined {
  const plain = withoutNat64(address)
  const kind = [...metadata, ...specialPurpose].find(({ networks }) => networks.has(plain))?.kind
  if (kind !== undefined) return kind
  const inner = isatapIpv4(plain)
  return inner && specialKind(inner)
}

/** The metadata address that an address equals or may lead to. */
function metadataWithin(address: string): string | undefined {
  return [address, ...ipv4Within(address)].find((end) => metadata.some(({ networks }) => networks.has(end)))
}

/** Decides which addresses may be connected to: public ones, and those that the configuration allows. */
export class AddressRules {
  readonly #allowed: Networks
  readonly #allowedAlone: ReadonlySet<string | undefined>

  /**
   * @param allowed addresses, and networks in CIDR notation
   * @throws UserError if one of them is neither
   */
  constructor(allowed: readonly string[] = []) {
    this.#allowed = new Networks(allowed)
    this.#allowedAlone = new Set(allowed.map((network) => canonicalAddress(network.replace(/\/(?:32|128)$/, ''))))
  }

  /** The reason why an address must not be connected to, such as `loopback, RFC 1122`; undefined if it may be. */
  refuse(text: string): string | undefined {
    const plain = canonicalAddress(text)
    if (plain === undefined) return 'not an address'
    const forms = [plain, withoutNat64(plain)]
    const leadsTo = metadataWithin(plain)
    const isAllowed =
      leadsTo === undefined
        ? forms.some((form) => this.#allowed.has(form))
        : [plain, leadsTo].some((form) => this.#allowedAlone.has(canonicalAddress(form)))
    return isAllowed ? undefined : specialKind(leadsTo ?? plain)
  }
}
