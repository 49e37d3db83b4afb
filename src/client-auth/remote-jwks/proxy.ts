import { type ClientRequest, type IncomingMessage, request as requestInClear } from 'node:http'
import { request as requestWithTls } from 'node:https'
import { isIP, type Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { networkFault } from '../../platform/system-error.ts'
import { FetchError } from './fetch-error.ts'
import { hostOf } from './url.ts'

/** A proxy that makes connections by CONNECT (RFC 9110 §9.3.6), for networks with no other way out. */
export class OutboundProxy {
  readonly #url: URL
  readonly #direct: readonly string[]

  /**
   * @param url the URL of the proxy, `http:` or `https:`, with user and password if it requires them
   * @param direct host names that are reached without it, with all their subdomains
   */
  constructor(url: URL, direct: readonly string[] = []) {
    this.#url = url
    this.#direct = direct.map((name) => name.toLowerCase().replace(/^\*?\./, ''))
  }

  /** Whether a URL is reached through the proxy. */
  isFor(url: URL): boolean {
    const host = hostOf(url)
    return !this.#direct.some((name) => host === name || host.endsWith(`.${name}`))
  }

  /**
   * Connects to the host of a URL through the proxy. The proxy also resolves the name, since this network may not know it.
   * @param secureContext the trust anchors for a proxy with TLS; the usual roots if undefined
   * @throws FetchError `proxy`, or the reason of the signal
   */
  connect(url: URL, secureContext: SecureContext | undefined, signal: AbortSignal): Promise<Socket> {
    const authority = `${url.hostname}:${url.port || '443'}`
    return new Promise((resolve, reject) => {
      const fail = (problem: string, cause?: unknown) =>
        reject(signal.aborted ? signal.reason : new FetchError('proxy', url.href, `the proxy ${problem}`, cause))
      const request = this.#request(authority, secureContext, signal)
      request.once('connect', ({ statusCode: status = 0 }: IncomingMessage, socket: Socket, head: Buffer) => {
        if (status >= 200 && status < 300) {
          socket.unshift(head)
          resolve(socket)
          return
        }
        socket.destroy()
        fail(
          status === 407
            ? 'requires a user and password, or other ones (407)'
            : `refuses the connection with status ${status}`,
        )
      })
      request.on('error', (error) => fail(`can not be used: ${networkFault(error) ?? 'the connection failed'}`, error))
      request.end()
    })
  }

  #request(authority: string, secureContext: SecureContext | undefined, signal: AbortSignal): ClientRequest {
    const { protocol, username, password, port } = this.#url
    const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
      'base64',
    )
    const options = {
      host: hostOf(this.#url),
      port: port || (protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...(username !== '' && { 'proxy-authorization': `Basic ${credentials}` }) },
      agent: false,
      signal,
    } as const
    if (protocol !== 'https:') return requestInClear(options)
    // Without a name here, Node would expect the certificate of the proxy to be for the host of the `Host` header.
    const servername = isIP(options.host) === 0 ? options.host : ''
    return requestWithTls({ ...options, servername, ...(secureContext && { secureContext }) })
  }
}

/** The configured proxy, if there is one. */
export const proxyOf = ({ proxy, no_proxy: direct }: { proxy?: string | undefined; no_proxy: readonly string[] }) =>
  proxy === undefined ? undefined : new OutboundProxy(new URL(proxy), direct)
