import { BlockList, isIP, isIPv6 } from 'node:net'

/** Proxies of ours that a request may have come through. A client can write any number of their addresses into the header. */
const MOST_HOPS = 16
/** Characters. The longest address has 45, an IPv4 address in an IPv6 one (RFC 4291 §2.2), and a short zone may follow. */
const LONGEST_ADDRESS = 64

const family = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4')

/** Whether a setting names an address, or a network by its prefix length. */
export function isAddressOrNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const bits = isIP(address) === 6 ? 128 : 32
  return (
    isIP(address) !== 0 &&
    rest.length === 0 &&
    (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits))
  )
}

/** The proxies whose word about a client is taken; nobody else's `X-Forwarded-For` counts. */
export class TrustedProxies {
  #trusted = new BlockList()
  #last = { address: '', isTrusted: false }

  /** @param networks addresses and networks, each as `isAddressOrNetwork` takes it */
  constructor(networks: readonly string[]) {
    this.replace(networks)
  }

  /** From now on, it is these. @param networks as for the constructor */
  replace(networks: readonly string[]): void {
    const trusted = new BlockList()
    for (const network of networks) {
      const [address = '', prefix] = network.split('/')
      if (prefix === undefined) trusted.addAddress(address, family(address))
      else trusted.addSubnet(address, Number(prefix), family(address))
    }
    this.#trusted = trusted
    this.#last = { address: '', isTrusted: false }
  }

  includes(address: string): boolean {
    // Behind a proxy, nearly every request comes from the address of the last one.
    if (address !== this.#last.address) {
      this.#last = { address, isTrusted: isIP(address) !== 0 && this.#trusted.check(address, family(address)) }
    }
    return this.#last.isTrusted
  }

  /**
   * The address of the client: the peer, or where that is a proxy of ours, the last address in `X-Forwarded-For` that
   * is none of ours. What stands before that one was written by the client and is not believed.
   */
  clientAddress(peer: string, forwardedFor: string | string[] | undefined): string {
    if (forwardedFor === undefined) return peer
    const hops = String(forwardedFor)
    let client = peer
    let end = hops.length
    for (let count = 0; count < MOST_HOPS && end >= 0 && this.includes(client); count += 1) {
      const comma = end === 0 ? -1 : hops.lastIndexOf(',', end - 1)
      const hop = hops.slice(comma + 1, end).trim()
      if (hop.length > LONGEST_ADDRESS || isIP(hop) === 0) break
      client = hop
      end = comma
    }
    return client
  }
}
