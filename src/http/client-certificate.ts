import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { certificateOfSocket, type PresentedCertificate } from '../crypto/x509/peer.ts'
import { type CertificateHeaderFormat, certificateOfHeaders } from './client-certificate/headers.ts'
import type { TrustedProxies } from './proxies.ts'

/** Looked at once a connection, whatever comes over it. */
const ofSockets = new WeakMap<Socket, PresentedCertificate | undefined>()
/** Read once a request: several steps ask for it. */
const ofHeaders = new WeakMap<IncomingMessage, PresentedCertificate | undefined>()

/**
 * The certificate of whoever sent a request. Over the connection of a proxy of ours it is the one in the proxy's header, if
 * that is configured, since the connection's own is the proxy's; over any other connection a header counts for nothing.
 * @throws MalformedCertificate
 */
export function clientCertificate(
  request: IncomingMessage,
  proxies: TrustedProxies,
  header: CertificateHeaderFormat | undefined,
): PresentedCertificate | undefined {
  const { socket } = request
  if (proxies.includes(socket.remoteAddress ?? '')) return header && ofProxy(request, header)
  if (!(socket instanceof TLSSocket)) return undefined
  if (!ofSockets.has(socket)) ofSockets.set(socket, certificateOfSocket(socket))
  return ofSockets.get(socket)
}

function ofProxy(request: IncomingMessage, header: CertificateHeaderFormat): PresentedCertificate | undefined {
  if (!ofHeaders.has(request)) ofHeaders.set(request, certificateOfHeaders(request.headers, header))
  return ofHeaders.get(request)
}
