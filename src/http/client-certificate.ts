import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { certificateOfSocket, type PresentedCertificate } from '../crypto/x509/peer.ts'
import { type CertificateHeaderFormat, certificateOfHeaders } from './client-certificate/headers.ts'
import type { TrustedProxies } from './proxies.ts'

/** The certificates of those who send requests. */
export class ClientCertificates {
  readonly #proxies: TrustedProxies
  readonly #header: CertificateHeaderFormat | undefined
  /** Looked at once a connection, whatever comes over it. */
  readonly #ofSockets = new WeakMap<Socket, PresentedCertificate | undefined>()
  /** Read once a request: several steps ask for it. */
  readonly #ofHeaders = new WeakMap<IncomingMessage, PresentedCertificate | undefined>()

  /** @param header the header in which proxies pass certificates on; undefined if they pass on none */
  constructor(proxies: TrustedProxies, header: CertificateHeaderFormat | undefined) {
    this.#proxies = proxies
    this.#header = header
  }

  /**
   * The certificate of the sender. Over the connection of a proxy of ours it is the one in the proxy's header, if that is
   * configured, since the connection's own is the proxy's; over any other connection a header counts for nothing.
   * @throws OAuthError `certificate_malformed`
   */
  of(request: IncomingMessage): PresentedCertificate | undefined {
    const { socket } = request
    if (this.#proxies.includes(socket.remoteAddress ?? '')) return this.#header && this.#ofProxy(request, this.#header)
    if (!(socket instanceof TLSSocket)) return undefined
    if (!this.#ofSockets.has(socket)) this.#ofSockets.set(socket, certificateOfSocket(socket))
    return this.#ofSockets.get(socket)
  }

  #ofProxy(request: IncomingMessage, header: CertificateHeaderFormat): PresentedCertificate | undefined {
    if (!this.#ofHeaders.has(request)) this.#ofHeaders.set(request, certificateOfHeaders(request.headers, header))
    return this.#ofHeaders.get(request)
  }
}
