import { canonicalAddress, Networks, withoutZone } from '../platform/addresses.ts'
import { type ForwardedHeader, type Hops, readForwarded, readForwardedFor } from './forwarded.ts'

/**
 * The most of our proxies that a request may pass. A client can write any number of their addresses into the header.
 */
const MOST_PROXIES = 16

/** The proxies that are trusted to name the client. */
export class TrustedProxies {
  readonly #header: ForwardedHeader
  #trusted: Networks
  #last = { address: '', isTrusted: false }

  /**
   * @param networks addresses and networks in CIDR notation
   * @param header the header that these proxies write; any other may come from the client and is ignored
   */
  constructor(networks: readonly string[], header: ForwardedHeader = 'either') {
    this.#header = header
    this.#trusted = new Networks(networks)
  }

  /** Replaces the trusted proxies. @param networks as for the constructor */
  replace(networks: readonly string[]): void {
    this.#trusted = new Networks(networks)
    this.#last = { address: '', isTrusted: false }
  }

  /** @param address as a socket reports it; a link-local address has a zone */
  includes(address: string): boolean {
    // Behind a proxy, nearly every request comes from the address of the last one.
    if (address !== this.#last.address) this.#last = { address, isTrusted: this.#trusted.has(withoutZone(address)) }
    return this.#last.isTrusted
  }

  /**
   * The address of the client. If the peer is one of our proxies, it is the last address in the header that is not one of them.
   * The client wrote everything before that, so it is not trusted.
   * @param forwardedFor `X-Forwarded-For` @param forwarded `Forwarded` (RFC 7239)
   */
  clientAddress(peer: string, forwardedFor: string | string[] | undefined, forwarded?: string): string {
    let client = canonicalAddress(withoutZone(peer)) ?? peer
    const hops = this.includes(peer) ? this.#hopsOf(forwardedFor, forwarded) : undefined
    for (let hop = 0; hop < MOST_PROXIES && this.includes(client); hop += 1) {
      const named = hops?.next().value
      if (named === undefined) break
      client = named
    }
    return client
  }

  #hopsOf(forwardedFor: string | string[] | undefined, forwarded: string | undefined): Hops | undefined {
    if (forwardedFor !== undefined && this.#header !== 'forwarded') return readForwardedFor(String(forwardedFor))
    return forwarded !== undefined && this.#header !== 'x-forwarded-for' ? readForwarded(forwarded) : undefined
  }
}
