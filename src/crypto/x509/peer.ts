import { createHash, X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { Certificate } from './certificate.ts'
import { MalformedCertificate } from './malformed-certificate.ts'

/** The most certificates beside the client's own that are accepted. */
export const MOST_IN_CHAIN = 5
/** The most bytes of DER of one certificate, from a handshake or a header. */
const LARGEST = 16 * 1024

/** A certificate whose private key the client has proven to possess, to us or to a proxy. */
export interface PresentedCertificate {
  /** The client's own certificate. */
  readonly leaf: Certificate
  /** The other certificates that the client sent, in any order. They are not trusted. */
  readonly chain: readonly Certificate[]
  /** `x5t#S256`: the SHA-256 of the DER in base64url (RFC 8705 §3.1). */
  readonly thumbprint: string
  /** Whether the TLS session was resumed. A resumed session keeps the leaf but not the chain. */
  readonly isResumed: boolean
}

/** A client certificate as it was read; undefined if the client presented none. */
export type ReadCertificate = PresentedCertificate | MalformedCertificate | undefined

/** The certificate, if it could be read. @throws MalformedCertificate */
export function requireReadable(certificate: ReadCertificate): PresentedCertificate | undefined {
  if (certificate instanceof MalformedCertificate) throw certificate
  return certificate
}

/** The `x5t#S256` of a certificate (RFC 8705 §3.1). */
export const thumbprintOf = ({ raw }: Pick<X509Certificate, 'raw'>): string =>
  createHash('sha256').update(raw).digest('base64url')

/**
 * The certificate that a client presented in the handshake; undefined if it presented none. OpenSSL accepts up to 100 KB of
 * certificates.
 * @throws MalformedCertificate
 */
export function certificateOfSocket(socket: TLSSocket): PresentedCertificate | undefined {
  const leaf = socket.getPeerX509Certificate()
  if (leaf === undefined) return undefined
  refuseLarge(leaf.raw)
  const chain: X509Certificate[] = []
  // Read one more than allowed, so that `checkChain` notices a chain that is too long.
  for (let next = leaf.issuerCertificate; next !== undefined && chain.length <= MOST_IN_CHAIN; ) {
    refuseLarge(next.raw)
    chain.push(next)
    next = next.issuerCertificate
  }
  return present(leaf, chain, socket.isSessionReused())
}

/**
 * The certificate that a proxy passed on.
 * @param leaf DER @param chain DER, which may repeat the leaf
 * @throws MalformedCertificate
 */
export function certificateOfDer(leaf: Buffer, chain: readonly Buffer[]): PresentedCertificate {
  const others = chain.filter((der) => !der.equals(leaf))
  if (others.length > MOST_IN_CHAIN) {
    throw malformed({ problem: `the chain has over ${MOST_IN_CHAIN} certificates`, received: others.length })
  }
  return present(parseCertificate(leaf), others.map(parseCertificate), false)
}

const present = (
  leaf: X509Certificate,
  chain: readonly X509Certificate[],
  isResumed: boolean,
): PresentedCertificate => ({
  leaf: new Certificate(leaf),
  chain: chain.map((certificate) => new Certificate(certificate)),
  thumbprint: thumbprintOf(leaf),
  isResumed,
})

function refuseLarge({ length }: Buffer): void {
  if (length > LARGEST) throw malformed({ problem: `a certificate is over ${LARGEST} bytes`, received: length })
}

function parseCertificate(der: Buffer): X509Certificate {
  refuseLarge(der)
  const certificate = parse(der)
  // OpenSSL also accepts PEM and ignores bytes at the end. Other programs would compute another thumbprint of such input.
  if (!certificate.raw.equals(der)) throw malformed({ problem: 'a certificate is not DER, or bytes follow it' })
  return certificate
}

function parse(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der)
  } catch (cause) {
    throw new MalformedCertificate({ problem: 'a certificate can not be read' }, cause)
  }
}

const malformed = (detail: Readonly<Record<string, unknown>>) => new MalformedCertificate(detail)
