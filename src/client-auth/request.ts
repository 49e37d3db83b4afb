import type { IncomingHttpHeaders } from 'node:http'
import type { Form } from '../http/form.ts'
import type { ClientId } from '../oauth/ids.ts'

/** The part of a request in which a client may authenticate. */
export interface AuthenticationRequest {
  readonly headers: IncomingHttpHeaders
  readonly form: Form
}

/** A `client_id` and secret as a request has them, not yet believed. */
export interface PresentedSecret {
  readonly clientId: ClientId
  readonly secret: string
}

/** One way in which a client may authenticate (RFC 6749 §2.3). */
export interface ClientAuthMethod {
  /**
   * What the request presents by this method: the readings of it, likeliest first, since clients disagree on encoding.
   * Undefined where the request does not use the method.
   * @throws OAuthError where it uses the method wrongly
   */
  present(request: AuthenticationRequest): readonly [PresentedSecret, ...PresentedSecret[]] | undefined
}
