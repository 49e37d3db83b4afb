import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { MalformedCertificate } from '../crypto/x509/malformed-certificate.ts'
import { certificateOfSocket, type PresentedCertificate, type ReadCertificate } from '../crypto/x509/peer.ts'
import { type CertificateHeaderFormat, certificateOfHeaders } from './client-certificate/headers.ts'
import type { TrustedProxies } from './proxies.ts'

/** Reads the client certificates of requests: from the connection, or from the header of a trusted proxy. */
export class ClientCertificates {
  readonly #proxies: TrustedProxies
  readonly #header: CertificateHeaderFormat | undefined
  /** The certificate of each connection, which is the same for all of its requests. */
  readonly #ofSockets = new WeakMap<Socket, { readonly certificate: ReadCertificate }>()

  /** @param header the format in which the proxies pass certificates on; undefined if they pass on none */
  constructor(proxies: TrustedProxies, header: CertificateHeaderFormat | undefined) {
    this.#proxies = proxies
    this.#header = header
  }

  /**
   * The certificate of the sender of a request. A trusted proxy passes it on in a header, since the certificate of the connection is
   * the proxy's own. Over any other connection that header is ignored.
   */
  of({ socket, headers }: IncomingMessage): ReadCertificate {
    if (this.#proxies.includes(socket.remoteAddress ?? '')) {
      const header = this.#header
      return header && read(() => certificateOfHeaders(headers, header))
    }
    if (!(socket instanceof TLSSocket)) return undefined
    const known = this.#ofSockets.get(socket)
    if (known !== undefined) return known.certificate
    const certificate = read(() => certificateOfSocket(socket))
    this.#ofSockets.set(socket, { certificate })
    return certificate
  }
}

function read(certificate: () => PresentedCertificate | undefined): ReadCertificate {
  try {
    return certificate()
  } catch (error) {
    if (error instanceof MalformedCertificate) return error
    throw error
  }
}
