import { createHash, X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { OAuthError } from '../../oauth/error.ts'
import { Certificate } from './certificate.ts'

/** Certificates beyond the client's own that are looked at. */
export const MOST_IN_CHAIN = 5
/** Bytes of DER of one certificate, from a handshake or a header. */
const LARGEST = 16 * 1024

/** A certificate whose private key the client has shown to have, to us or to a proxy. */
export interface PresentedCertificate {
  /** The client's own. */
  readonly leaf: Certificate
  /** What the client sent along, in no order that could be relied upon; nothing of it is trusted. */
  readonly chain: readonly Certificate[]
  /** `x5t#S256`: the SHA-256 of the DER in base64url (RFC 8705 §3.1). */
  readonly thumbprint: string
  /** The TLS session is an earlier one resumed, of which the leaf is remembered and the chain is not. */
  readonly isResumed: boolean
}

/** The `x5t#S256` of a certificate (RFC 8705 §3.1). */
export const thumbprintOf = ({ raw }: Pick<X509Certificate, 'raw'>): string =>
  createHash('sha256').update(raw).digest('base64url')

/**
 * The certificate that the client of a connection presented in the handshake, where OpenSSL takes up to 100 KB of them;
 * undefined where it presented none.
 * @throws OAuthError `certificate_malformed`
 */
export function certificateOfSocket(socket: TLSSocket): PresentedCertificate | undefined {
  const leaf = socket.getPeerX509Certificate()
  if (leaf === undefined) return undefined
  refuseLarge(leaf.raw)
  const chain: X509Certificate[] = []
  // One more than may be, so that `checkChain` can tell.
  for (let next = leaf.issuerCertificate; next !== undefined && chain.length <= MOST_IN_CHAIN; ) {
    refuseLarge(next.raw)
    chain.push(next)
    next = next.issuerCertificate
  }
  return present(leaf, chain, socket.isSessionReused())
}

/**
 * A certificate as a proxy passed it on.
 * @param leaf DER @param chain DER, in which the leaf may be repeated
 * @throws OAuthError `certificate_malformed`
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
  // OpenSSL reads PEM as well, and does not mind what follows: another would take another thumbprint.
  if (!certificate.raw.equals(der)) throw malformed({ problem: 'a certificate is not DER, or bytes follow it' })
  return certificate
}

function parse(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der)
  } catch (cause) {
    throw new OAuthError('certificate_malformed', { detail: { problem: 'a certificate can not be read' }, cause })
  }
}

const malformed = (detail: Readonly<Record<string, unknown>>): OAuthError =>
  new OAuthError('certificate_malformed', { detail })
