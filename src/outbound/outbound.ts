import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type IncomingMessage, request as requestInClear } from 'node:http'
import { request as requestWithTls } from 'node:https'
import { connect as connectInClear, isIP, type Socket } from 'node:net'
import { connect as connectWithTls, createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import type { AddressRules } from '../client-auth/remote-jwks/addresses.ts'
import { FetchError } from '../client-auth/remote-jwks/fetch-error.ts'
import type { OutboundProxy } from '../client-auth/remote-jwks/proxy.ts'
import { directly, over } from '../client-auth/remote-jwks/request.ts'
import { type HostAddress, type Lookup, resolveHost, systemLookup } from '../client-auth/remote-jwks/resolve.ts'
import { refuseUrl } from '../client-auth/remote-jwks/url.ts'

/** The bytes of an answer that are read. */
const LARGEST_ANSWER = 4 * 1024

interface OutboundOptions {
  readonly addresses: AddressRules
  /** Certificates, in PEM, that are trusted in addition to the usual roots. */
  readonly ca?: readonly string[] | undefined
  readonly lookup?: Lookup | undefined
  readonly proxy?: OutboundProxy | undefined
}

/** A host and a port. */
interface Endpoint {
  readonly host: string
  readonly port: number
}

/** Sends to systems that the configuration names. Each call rejects with an error for administrators. */
export class Outbound {
  readonly #addresses: AddressRules
  readonly #lookup: Lookup
  readonly #proxy: OutboundProxy | undefined
  readonly #secureContext: SecureContext | undefined

  constructor({ addresses, ca = [], lookup = systemLookup, proxy }: OutboundOptions) {
    this.#addresses = addresses
    this.#lookup = lookup
    this.#proxy = proxy
    if (ca.length > 0) this.#secureContext = createSecureContext({ ca: [...getCACertificates('default'), ...ca] })
  }

  /** Sends a POST, and reads the beginning of the answer. Redirects are not followed. */
  async post(url: URL, headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal) {
    const answered = Promise.withResolvers<IncomingMessage>()
    const options = {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body), 'user-agent': 'Tessera' },
      signal,
    }
    const request =
      url.protocol === 'http:'
        ? requestInClear(url, { ...options, agent: false, lookup: directly(await this.#resolve(url)).lookup })
        : requestWithTls(url, {
            ...options,
            ...(await this.#way(url, signal)),
            ...(this.#secureContext && { secureContext: this.#secureContext }),
          })
    request.once('response', answered.resolve)
    request.on('error', answered.reject)
    request.once('close', () => answered.reject(new FetchError('protocol', url.href, 'the connection broke')))
    request.end(body)
    const response = await answered.promise
    try {
      return { status: response.statusCode ?? 0, body: await beginning(response) }
    } finally {
      response.destroy()
    }
  }

  /** Connects to a host, without a proxy. */
  async connect({ host, port, tls }: Endpoint & { readonly tls: boolean }, signal: AbortSignal): Promise<Socket> {
    const { lookup } = directly(await this.#resolve(urlOf({ host, port })))
    const socket = tls
      ? connectWithTls({
          host,
          port,
          lookup,
          ...(isIP(host) === 0 && { servername: host }),
          ...(this.#secureContext && { secureContext: this.#secureContext }),
        })
      : connectInClear({ host, port, lookup })
    signal.addEventListener('abort', () => socket.destroy(), { once: true })
    try {
      await once(socket, tls ? 'secureConnect' : 'connect', { signal })
      return socket
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  /** Sends datagrams, of which any may get lost. */
  async sendDatagrams({ host, port }: Endpoint, messages: readonly Buffer[]): Promise<void> {
    const [to] = await this.#resolve(urlOf({ host, port }))
    if (to === undefined) return
    const socket = createSocket(to.family === 6 ? 'udp6' : 'udp4')
    const failed = Promise.withResolvers<void>()
    failed.promise.catch(() => {})
    socket.on('error', failed.reject)
    try {
      for (const message of messages) {
        const sent = Promise.withResolvers<void>()
        socket.send(message, port, to.address, (error) => (error ? sent.reject(error) : sent.resolve()))
        await Promise.race([sent.promise, failed.promise])
      }
    } finally {
      socket.close()
    }
  }

  #resolve(url: URL): Promise<readonly HostAddress[]> {
    return resolveHost(url, this.#addresses, this.#lookup)
  }

  /** The way to a host: directly, or through the proxy, which resolves the name. */
  async #way(url: URL, signal: AbortSignal) {
    if (this.#proxy?.isFor(url) !== true) return directly(await this.#resolve(url))
    const problem = refuseUrl(url.href, this.#addresses)
    if (problem !== undefined) throw new FetchError('address_refused', url.href, `the URL ${problem}`)
    return over(await this.#proxy.connect(url, this.#secureContext, signal), url, this.#secureContext)
  }
}

const urlOf = ({ host, port }: Endpoint): URL => new URL(`https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`)

async function beginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  const body: AsyncIterable<Buffer> = response
  for await (const chunk of body) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= LARGEST_ANSWER) break
  }
  return Buffer.concat(chunks).toString('utf8', 0, LARGEST_ANSWER)
}
