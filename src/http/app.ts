import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { RequestId } from '../oauth/ids.ts'
import type { Refusal } from '../oauth/refusal.ts'
import type { Clock } from '../platform/clock.ts'
import { type RandomBytes, uuidv7 } from '../platform/random.ts'
import { BODY_LIMIT, isChunked, RecordByRecord, readBody, stopReading } from './body.ts'
import type { CertificateHeaderFormat } from './client-certificate/headers.ts'
import { ClientCertificates } from './client-certificates.ts'
import { CompleteRequest } from './complete-request.ts'
import { httpFault } from './fitness.ts'
import type { Endpoint, HttpRequest, HttpResponse, RequestFacts, Routes } from './message.ts'
import type { Meter, MeterFor } from './meter.ts'
import type { TrustedProxies } from './proxies.ts'
import { type HttpReason, refusal, showingAddress } from './refusals.ts'
import { asRefusal, errorResponse } from './respond.ts'
import { createRouter, type FindEndpoints, splitTarget } from './router.ts'
import { parseTraceId } from './trace.ts'

/** After these refusals, the start of the next request is unknown, or the rest of this one is not read. */
const CLOSING: ReadonlySet<string> = new Set([
  'body_too_large',
  'http_version',
  'malformed_request',
  'request_timeout',
  'expectation_failed',
])

export interface AppOptions {
  readonly routes: Routes
  /** Finds the endpoints of paths that have parameters. */
  readonly findEndpoints?: FindEndpoints | undefined
  /** The most bytes of a body; 64 KiB by default. */
  readonly bodyLimit?: number | undefined
  /** Makes the answer to every error; that of RFC 6749 by default. */
  readonly respond?: ((error: Refusal, challenge: string, requestId: RequestId) => HttpResponse) | undefined
  readonly proxies: TrustedProxies
  /** The format of the header in which the proxies pass on the certificates of clients; undefined if they pass on none. */
  readonly certificateHeader: CertificateHeaderFormat | undefined
  /** Whether only the proxies may connect, as plain HTTP requires. */
  readonly onlyProxies: boolean
  /** The `WWW-Authenticate` of every 401. */
  readonly challenge: string
  /** The address that a client most likely wants if it uses a wrong one; undefined if no clients connect here. */
  readonly tokenEndpoint?: string | undefined
  readonly clock: Clock
  readonly random: RandomBytes
  /** Called with every defect, and the request id in its answer. */
  readonly onDefect: (error: unknown, requestId: string) => void
  /** Called for each request to a known path that is refused before its endpoint runs. */
  readonly onRefusal: (request: RequestFacts, error: Refusal) => void
  /** Counts the requests; undefined if nobody counts them. */
  readonly meterFor?: MeterFor | undefined
}

/**
 * The `Expect` header of a request (RFC 9110 §10.1.1). The client may wait for 100 Continue before it sends the body; any other
 * expectation is unknown.
 */
export type Expectation = 'nothing' | 'continue' | 'unknown'

/** Answers the requests of a listener. */
export interface App {
  serve(request: IncomingMessage, response: ServerResponse, expectation: Expectation): void
  /** Refuses a request that turned out to be malformed while it was read. */
  refuse(response: ServerResponse, reason: HttpReason): void
}

/**
 * Parses each request, passes it to its endpoint, and sends the answer.
 * @param isLastOver whether an answer must be the last one on this connection
 */
export function createApp(options: AppOptions, isLastOver: (socket: Socket) => boolean): App {
  const { proxies, certificateHeader, onlyProxies, challenge, clock, random, onDefect, onRefusal, meterFor } = options
  const wrongAddress = showingAddress(options.tokenEndpoint)
  const { findEndpoints, bodyLimit = BODY_LIMIT, respond = errorResponse } = options
  const findRoute = createRouter(options.routes, meterFor, findEndpoints)
  const elsewhere = meterFor?.(undefined)
  const certificates = new ClientCertificates(proxies, certificateHeader)
  const recordByRecord = new RecordByRecord()

  function send(
    response: ServerResponse,
    requestId: RequestId,
    { status, headers, body }: HttpResponse,
    isLast = false,
  ): void {
    const sent: Record<string, string | number> = { ...headers, 'X-Request-Id': requestId }
    // RFC 9110 §8.6: a 204 has no Content-Length, and that of a 304 would be the length of the whole document.
    if (status !== 304 && status !== 204) sent['Content-Length'] = Buffer.byteLength(body)
    const isUnread = !response.req.complete && isChunked(response.req)
    if (isLast || isUnread || isLastOver(response.req.socket)) sent['Connection'] = 'close'
    response.writeHead(status, sent)
    response.end(body)
    if (isUnread) stopReading(response.req, response)
  }

  function refuse(response: ServerResponse, requestId: RequestId, thrown: unknown, isLast = false): void {
    const error = asRefusal(thrown)
    if (error.status >= 500) onDefect(error.cause ?? error, requestId)
    const answer = () =>
      send(response, requestId, respond(error, challenge, requestId), isLast || CLOSING.has(error.reason))
    if (error.held === undefined) answer()
    else error.held.then(() => guard(response, answer))
  }

  /** Checks that apply to every endpoint. Returns the reason to refuse the request, or undefined. */
  function earlyRefusal({ headers, socket }: IncomingMessage, expectation: Expectation): HttpReason | undefined {
    if (onlyProxies && !proxies.includes(socket.remoteAddress ?? '')) return 'not_from_proxy'
    if (expectation === 'unknown') return 'expectation_failed'
    return Number(headers['content-length'] ?? 0) > bodyLimit ? 'body_too_large' : undefined
  }

  async function serve(
    endpoint: Endpoint,
    request: HttpRequest,
    response: ServerResponse,
    meter: Meter | undefined,
  ): Promise<void> {
    const startedAt = clock.monotonic()
    let outcome: number | Refusal = 500
    meter?.begin()
    try {
      const answering = endpoint(request)
      const answer = answering instanceof Promise ? await answering : answering
      outcome = answer.status
      send(response, request.requestId, answer)
    } catch (error) {
      outcome = asRefusal(error)
      refuse(response, request.requestId, outcome)
    } finally {
      meter?.end(outcome, clock.monotonic() - startedAt)
    }
  }

  function answer(request: IncomingMessage, response: ServerResponse, given: Expectation): void {
    const requestId = RequestId(uuidv7(clock, random))
    if (isChunked(request)) recordByRecord.read(request.socket)
    const { path, query } = splitTarget(request.url ?? '')
    const route = findRoute(path)
    const fault = httpFault(request)
    // Node accepts any list that contains 100-continue.
    const isKnown = given !== 'continue' || request.headers.expect?.toLowerCase() === '100-continue'
    const expectation = isKnown ? given : 'unknown'
    // A client that waits for 100 Continue may still send its body, which would be read as the next request.
    const isLast = expectation !== 'nothing'
    // Upgrades are not supported. Node drops the data that follows such a request, such as the next request.
    if (request.headers.upgrade !== undefined) response.setHeader('Connection', 'close')
    if (route === undefined) {
      const error = wrongAddress(fault ?? 'not_found')
      elsewhere?.refuse(error)
      refuse(response, requestId, error, isLast)
      return
    }
    const { headers, socket } = request
    const facts = (): RequestFacts => ({
      requestId,
      at: clock.now(),
      remoteAddress: proxies.clientAddress(
        socket.remoteAddress ?? '',
        headers['x-forwarded-for'],
        headers['forwarded'],
      ),
      traceId: parseTraceId(headers['traceparent']),
      userAgent: headers['user-agent'],
    })
    const refuseEarly = (error: Refusal): void => {
      route.meter?.refuse(error)
      onRefusal(facts(), error)
      refuse(response, requestId, error, isLast)
    }
    const endpoint = route.endpoints.get(request.method ?? '')
    const unfit = fault ?? (endpoint === undefined ? 'method_not_allowed' : earlyRefusal(request, expectation))
    if (endpoint === undefined || unfit !== undefined) {
      refuseEarly(
        unfit === undefined || unfit === 'method_not_allowed'
          ? refusal('method_not_allowed', {
              allow: route.allow,
              detail: { received: request.method, allowed: route.allow },
            })
          : wrongAddress(unfit),
      )
      return
    }
    if (expectation === 'continue') response.writeContinue()
    readBody(request, response, bodyLimit, (body) =>
      guard(response, () => {
        if (body === undefined) refuseEarly(refusal('body_too_large'))
        else {
          const parsed = new CompleteRequest(
            facts(),
            { method: request.method ?? '', path, headers, query, body },
            () => certificates.of(request),
          )
          serve(endpoint, parsed, response, route.meter).catch(fail(response))
        }
      }),
    )
  }

  /** Ends a request after a defect in this file. Half an answer may have been sent, so the connection is cut. */
  const fail =
    (response: ServerResponse) =>
    (error: unknown): void => {
      onDefect(error, '')
      response.destroy()
    }

  function guard(response: ServerResponse, work: () => void): void {
    try {
      work()
    } catch (error) {
      fail(response)(error)
    }
  }

  return {
    serve: (request, response, expectation) => guard(response, () => answer(request, response, expectation)),
    refuse: (response, reason) => {
      const error = refusal(reason)
      elsewhere?.refuse(error)
      refuse(response, RequestId(uuidv7(clock, random)), error, true)
    },
  }
}
