import type { IncomingHttpHeaders } from 'node:http'
import { MalformedCertificate } from '../../crypto/x509/malformed-certificate.ts'
import { certificateOfDer, MOST_IN_CHAIN, type PresentedCertificate } from '../../crypto/x509/peer.ts'
import { decodeBase64, readPem } from '../../crypto/x509/pem.ts'
import { parseForwardedClientCert } from './forwarded-client-cert.ts'

/** The most characters. All headers of a request together can't be longer than this (`http/listener.ts`). */
const LONGEST_HEADER = 32 * 1024

/** The number of list entries that are read: one more than allowed, so that a list that is too long is noticed. */
const MOST_LISTED = MOST_IN_CHAIN + 2

/** The DER of the client's certificate and of its chain, as a proxy passed them on. */
interface Forwarded {
  readonly leaf: Buffer
  readonly chain: readonly Buffer[]
}

/** Reads the headers of one kind of proxy. Undefined if the client presented no certificate. */
type ReadHeaders = (headers: IncomingHttpHeaders) => Forwarded | undefined

/**
 * The formats in which proxies pass on a client's certificate. Each reads only one header for the leaf. If it read a second one
 * that the proxy does not overwrite, the client could write that.
 */
const formats = {
  /** RFC 9440 §2. */
  'client-cert': readClientCert,
  /** `proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;` */
  nginx: (headers) => readEscapedPem(headers, 'x-ssl-client-cert'),
  /** With `auth-tls-pass-certificate-to-upstream`: `proxy_set_header ssl-client-cert $ssl_client_escaped_cert;` */
  'ingress-nginx': (headers) => readEscapedPem(headers, 'ssl-client-cert'),
  /** `forward_client_cert_details: SANITIZE_SET` and `set_current_client_cert_details: { cert: true, chain: true }`. */
  envoy: readForwardedClientCert,
  /** `http-request set-header X-SSL-Client-DER %[ssl_c_der,base64]` */
  haproxy: (headers) => readDer(headers, 'x-ssl-client-der'),
  /**
   * Mutual TLS in passthrough mode: the certificates that the client sent, escaped except for `+=/`. Only possession of the key
   * was checked.
   */
  'aws-alb': (headers) => readEscapedChain(headers, 'x-amzn-mtls-clientcert'),
  /** Mutual TLS in verify mode: the leaf alone. */
  'aws-alb-verify': (headers) => readEscapedPem(headers, 'x-amzn-mtls-clientcert-leaf'),
  /** `passTLSClientCert: { pem: true }`. */
  traefik: readTraefik,
} as const satisfies Record<string, ReadHeaders>

/** The name of a format in the configuration. */
export type CertificateHeaderFormat = keyof typeof formats

const isCertificateHeaderFormat = (name: string): name is CertificateHeaderFormat => Object.hasOwn(formats, name)

/** The names of all formats. */
export const certificateHeaderFormats: readonly CertificateHeaderFormat[] =
  Object.keys(formats).filter(isCertificateHeaderFormat)

/**
 * The certificate that a proxy passed on in headers; undefined if there is none. The caller must make sure that the headers come
 * from a trusted proxy, since anybody can write them (RFC 9440 §4).
 * @throws MalformedCertificate
 */
export function certificateOfHeaders(
  headers: IncomingHttpHeaders,
  format: CertificateHeaderFormat,
): PresentedCertificate | undefined {
  const forwarded = formats[format](headers)
  return forwarded && certificateOfDer(forwarded.leaf, forwarded.chain)
}

/** The value of a header; undefined if it is absent or empty. HAProxy sends an empty one if there is no certificate. */
function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  if (Array.isArray(value)) throw malformed(name, 'the header is there more than once')
  if (value !== undefined && value.length > LONGEST_HEADER) throw malformed(name, 'the header is too long')
  return value?.trim() || undefined
}

function readClientCert(headers: IncomingHttpHeaders): Forwarded | undefined {
  const name = 'client-cert'
  const value = headerOf(headers, name)
  if (value === undefined) return undefined
  // RFC 9440 §2.3: the chain header means nothing without Client-Cert. Several header lines form one list.
  const chain = headerOf(headers, 'client-cert-chain')?.split(',', MOST_LISTED) ?? []
  return {
    leaf: readByteSequence(name, value),
    chain: chain.map((item) => readByteSequence('client-cert-chain', item.trim())),
  }
}

/** Reads a byte sequence (RFC 9651 §3.3.5). */
function readByteSequence(header: string, text: string): Buffer {
  const bytes =
    text.length > 2 && text.startsWith(':') && text.endsWith(':') ? decodeBase64(text.slice(1, -1)) : undefined
  if (bytes === undefined) throw malformed(header, 'not one base64 between colons for each certificate')
  return bytes
}

function readEscapedPem(headers: IncomingHttpHeaders, name: string): Forwarded | undefined {
  const value = headerOf(headers, name)
  if (value === undefined) return undefined
  const [leaf, ...rest] = certificatesOf(name, value)
  // nginx's variable holds only the client's own certificate, so nginx did not write a second one.
  if (leaf === undefined || rest.length > 0) throw malformed(name, 'not exactly one certificate')
  return { leaf, chain: [] }
}

/** Reads the client's own certificate and the others that it sent. */
function readEscapedChain(headers: IncomingHttpHeaders, name: string): Forwarded | undefined {
  const value = headerOf(headers, name)
  if (value === undefined) return undefined
  const [leaf, ...chain] = certificatesOf(name, value)
  return leaf && { leaf, chain }
}

/** Reads the base64 of PEM without its header lines. Older versions also percent-encode it. The client's own comes first. */
function readTraefik(headers: IncomingHttpHeaders): Forwarded | undefined {
  const name = 'x-forwarded-tls-client-cert'
  const value = headerOf(headers, name)
  if (value === undefined) return undefined
  // Node joins two headers of this name with a space. One of them may come from the client.
  const [leaf, ...chain] = value.split(',', MOST_LISTED).map((item) => {
    const der = decodeBase64(decodePercent(item) ?? '')
    if (der === undefined) throw malformed(name, 'not the base64 of certificates, with commas between them')
    return der
  })
  return leaf && { leaf, chain }
}

function readDer(headers: IncomingHttpHeaders, name: string): Forwarded | undefined {
  const value = headerOf(headers, name)
  if (value === undefined) return undefined
  const leaf = decodeBase64(value)
  if (leaf === undefined) throw malformed(name, 'not the base64 of one certificate')
  return { leaf, chain: [] }
}

function readForwardedClientCert(headers: IncomingHttpHeaders): Forwarded | undefined {
  const name = 'x-forwarded-client-cert'
  const value = headerOf(headers, name)
  if (value === undefined) return undefined
  const element = parseForwardedClientCert(value)
  if (typeof element === 'string') throw malformed(name, element)
  const own = element.cert === undefined ? [] : certificatesOf(name, element.cert)
  const chain = element.chain === undefined ? [] : certificatesOf(name, element.chain)
  if (own.length > 1) throw malformed(name, 'Cert is not one certificate')
  // Envoy's Chain begins with the client's own certificate.
  const leaf = own[0] ?? chain[0]
  if (leaf === undefined) return undefined
  if (!element.isHashOf(leaf)) throw malformed(name, 'Hash is not that of the certificate')
  return { leaf, chain }
}

/** Reads certificates in percent-encoded PEM, with nothing between them. */
function certificatesOf(header: string, escaped: string): readonly Buffer[] {
  const { certificates, outside } = readPem(decodePercent(escaped) ?? '')
  const read = certificates.filter((der) => der !== undefined)
  if (read.length === 0 || read.length < certificates.length || outside.trim() !== '') {
    throw malformed(header, 'not certificates in percent-encoded PEM')
  }
  return read
}

function decodePercent(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

const malformed = (header: string, problem: string) => new MalformedCertificate({ header, problem })
