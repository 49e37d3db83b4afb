import type { IncomingHttpHeaders } from 'node:http'
import type { PresentedCertificate } from '../crypto/x509/peer.ts'
import type { RequestId } from '../oauth/ids.ts'

/** A request as endpoints see it. */
export interface HttpRequest {
  readonly headers: IncomingHttpHeaders
  /** What follows the `?`, or empty. */
  readonly query: string
  /** Empty where there is none. */
  readonly body: Buffer
  readonly requestId: RequestId
  /** The `trace-id` of a valid `traceparent` (W3C Trace Context §3.2.2.3). */
  readonly traceId: string | undefined
  /** The client's address; behind a trusted proxy, the one that the proxy reports. */
  readonly remoteAddress: string
  /**
   * The certificate that the client has shown to have the key of: to us, or to a trusted proxy that passes it on.
   * @throws MalformedCertificate
   */
  certificate(): PresentedCertificate | undefined
}

export interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Answers a request, or throws a Refusal. */
export type Endpoint = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>

/** What a listener serves: for each path the endpoint for each method. */
export type Routes = Readonly<Record<string, Readonly<Partial<Record<'GET' | 'POST' | 'OPTIONS', Endpoint>>>>>
