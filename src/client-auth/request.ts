import type { IncomingHttpHeaders } from 'node:http'
import type { PresentedCertificate } from '../crypto/x509/peer.ts'
import type { Form } from '../http/form.ts'

/** The part of a request in which a client may authenticate. */
export interface AuthenticationRequest {
  readonly headers: IncomingHttpHeaders
  readonly form: Form
  /** Of the client. */
  readonly remoteAddress: string
  /** The certificate that the client has shown to have the key of. @throws MalformedCertificate */
  certificate(): PresentedCertificate | undefined
}
