/** Everything that keeps a document from being fetched, or from being of use. */
export type Fault =
  /** The URL is not one that is fetched. */
  | 'url_refused'
  /** The host has no address that may be connected to. */
  | 'address_refused'
  | 'dns'
  /** The proxy made no connection. */
  | 'proxy'
  /** No address took the connection. */
  | 'connect'
  /** No TLS connection came about, most often for the certificate. */
  | 'tls'
  | 'timeout'
  /** What came was not HTTP, or the connection broke. */
  | 'protocol'
  | 'redirect'
  | 'status'
  | 'compressed'
  | 'too_large'
  | 'not_json'
  /** JSON, but not the document that belongs there. */
  | 'unusable'
  /** The metadata speak of another issuer (RFC 8414 §3.3). */
  | 'issuer_mismatch'

const LONGEST_MESSAGE = 256

/** An expected failure of a fetch. Its message is for administrators, and never on the wire; what is long in it is cut. */
export class FetchError extends Error {
  override readonly name = 'FetchError'
  readonly fault: Fault
  /** The URL at which it went wrong: after a redirect, another than was asked for. */
  readonly url: string

  constructor(fault: Fault, url: string, message: string, cause?: unknown) {
    super(message.slice(0, LONGEST_MESSAGE), { cause })
    this.fault = fault
    this.url = url
  }
}
