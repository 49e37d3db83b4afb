/** The reasons why a document can't be fetched or used. */
export type Fault =
  /** The URL is not allowed. */
  | 'url_refused'
  /** The host has no address that may be connected to. */
  | 'address_refused'
  | 'dns'
  /** The proxy made no connection. */
  | 'proxy'
  /** No address accepted the connection. */
  | 'connect'
  /** The TLS handshake failed, most often because of the certificate. */
  | 'tls'
  | 'timeout'
  /** The answer was not HTTP, or the connection broke. */
  | 'protocol'
  | 'redirect'
  | 'status'
  | 'compressed'
  | 'too_large'
  | 'not_json'
  /** The answer is JSON, but not the expected document. */
  | 'unusable'
  /** The metadata name another issuer (RFC 8414 §3.3). */
  | 'issuer_mismatch'

const LONGEST_MESSAGE = 256

/** An expected failure of a fetch. Its message is for administrators and never sent to clients. Long messages are cut. */
export class FetchError extends Error {
  override readonly name = 'FetchError'
  readonly fault: Fault
  /** The URL that failed. After a redirect it differs from the requested one. */
  readonly url: string

  constructor(fault: Fault, url: string, message: string, cause?: unknown) {
    super(message.slice(0, LONGEST_MESSAGE), { cause })
    this.fault = fault
    this.url = url
  }
}
