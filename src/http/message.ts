import type { IncomingHttpHeaders } from 'node:http'
import type { ReadCertificate } from '../crypto/x509/peer.ts'
import type { RequestId } from '../oauth/ids.ts'

/** The facts of a request that its audit event repeats. */
export interface RequestFacts {
  readonly requestId: RequestId
  /** The time at which the request was complete. Every decision about the request uses it. Milliseconds. */
  readonly at: number
  /** The address of the client; behind a trusted proxy, the one that the proxy reports. */
  readonly remoteAddress: string
  /** The `trace-id` of a valid `traceparent` (W3C Trace Context §3.2.2.3). */
  readonly traceId: string | undefined
  readonly userAgent: string | undefined
}

/** A request over HTTP. Endpoints parse it at once, so that no later step sees a header or a body. */
export interface HttpRequest extends RequestFacts {
  /** In upper case. */
  readonly method: string
  /** The path of the target, as it was sent. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** The text after the `?`; empty if there is none. */
  readonly query: string
  /** Empty if there is none. */
  readonly body: Buffer
  /**
   * The certificate of the client. The client proved its private key to this server, or to the trusted proxy that
   * passes it on.
   */
  readonly certificate: ReadCertificate
}

export interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/** Answers a request, or throws a Refusal. */
export type Endpoint = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'

/** The endpoints of a listener, by path and method. */
export type Routes = Readonly<Record<string, Readonly<Partial<Record<Method, Endpoint>>>>>
