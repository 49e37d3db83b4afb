import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { OAuthError } from '../oauth/error.ts'
import { RequestId } from '../oauth/ids.ts'
import type { Reason } from '../oauth/refusals.ts'
import type { Clock } from '../platform/clock.ts'
import { type RandomBytes, uuidv7 } from '../platform/random.ts'
import type { CertificateHeaderFormat } from './client-certificate/headers.ts'
import { ClientCertificates } from './client-certificate.ts'
import { httpFault } from './fitness.ts'
import type { Endpoint, HttpRequest, HttpResponse, Routes } from './message.ts'
import type { Meter, MeterFor } from './meter.ts'
import type { TrustedProxies } from './proxies.ts'
import { asOAuthError, errorResponse } from './respond.ts'
import { parseTraceId } from './trace.ts'

const BODY_LIMIT = 64 * 1024
/** The most chunks or TLS records of a body. Each takes two microseconds, and an honest body has a handful. */
const MOST_PIECES = 256
const NO_BODY = Buffer.alloc(0)
/** After these refusals, the start of the next request is unknown, or the rest of this one is not read. */
const CLOSING: ReadonlySet<Reason> = new Set([
  'body_too_large',
  'http_version',
  'malformed_request',
  'request_timeout',
  'expectation_failed',
])

export interface AppOptions {
  readonly routes: Routes
  readonly proxies: TrustedProxies
  /** In which header the proxies pass on a client's certificate; undefined where they don't. */
  readonly certificateHeader: CertificateHeaderFormat | undefined
  /** Whether only the proxies may connect, as plain HTTP requires. */
  readonly onlyProxies: boolean
  /** The `WWW-Authenticate` of every 401. */
  readonly challenge: string
  readonly clock: Clock
  readonly random: RandomBytes
  /** Told of every defect, with the request id that its answer bears. */
  readonly onDefect: (error: unknown, requestId: string) => void
  /** Told of each request to one of the routes that is refused before its endpoint sees it. */
  readonly onRefusal: (request: HttpRequest, error: OAuthError) => void
  /** What counts the requests; undefined where nobody does. */
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
  refuse(response: ServerResponse, reason: Reason): void
}

/** What is served at a path. */
interface Route {
  readonly endpoints: ReadonlyMap<string, Endpoint>
  /** RFC 9110 §10.2.1. */
  readonly allow: string
  readonly meter: Meter | undefined
}

/**
 * From a request of Node's to an endpoint of ours, and back. Paths are matched as they are written: no two spellings lead
 * to one endpoint.
 * @param isLastOver whether an answer over this connection is to end it
 */
export function createApp(options: AppOptions, isLastOver: (socket: Socket) => boolean): App {
  const { proxies, certificateHeader, onlyProxies, challenge, clock, random, onDefect, onRefusal, meterFor } = options
  const routes = new Map(
    Object.entries(options.routes).map(([path, methods]) => [path, toRoute(methods, meterFor?.(path))]),
  )
  const elsewhere = meterFor?.(undefined)
  const certificates = new ClientCertificates(proxies, certificateHeader)
  const recordByRecord = new WeakSet<Socket>()

  function send(
    response: ServerResponse,
    requestId: RequestId,
    { status, headers, body }: HttpResponse,
    isLast = false,
  ): void {
    const sent: Record<string, string | number> = { ...headers, 'X-Request-Id': requestId }
    // RFC 9110 §8.6: 204 has no Content-Length; that of 304 would be the length of the whole document.
    if (status !== 304 && status !== 204) sent['Content-Length'] = Buffer.byteLength(body)
    const isUnread = !response.req.complete && isChunked(response.req)
    if (isLast || isUnread || isLastOver(response.req.socket)) sent['Connection'] = 'close'
    response.writeHead(status, sent)
    response.end(body)
    if (isUnread) stopReading(response.req, response)
  }

  function refuse(response: ServerResponse, requestId: RequestId, thrown: unknown, isLast = false): void {
    const error = asOAuthError(thrown)
    if (error.status >= 500) onDefect(error.cause ?? error, requestId)
    const answer = () => send(response, requestId, errorResponse(error, challenge), isLast || CLOSING.has(error.reason))
    if (error.held === undefined) answer()
    else error.held.then(() => guard(response, answer))
  }

  /** What keeps a request from its endpoint, whatever that is. */
  function unfitness({ headers, socket }: IncomingMessage, expectation: Expectation): Reason | undefined {
    if (onlyProxies && !proxies.includes(socket.remoteAddress ?? '')) return 'not_from_proxy'
    if (expectation === 'unknown') return 'expectation_failed'
    return Number(headers['content-length'] ?? 0) > BODY_LIMIT ? 'body_too_large' : undefined
  }

  async function serve(
    endpoint: Endpoint,
    request: HttpRequest,
    response: ServerResponse,
    meter: Meter | undefined,
  ): Promise<void> {
    const startedAt = clock.monotonic()
    let outcome: number | Reason = 'unexpected'
    meter?.begin()
    try {
      const answering = endpoint(request)
      const answer = answering instanceof Promise ? await answering : answering
      outcome = answer.status
      send(response, request.requestId, answer)
    } catch (error) {
      const refusal = asOAuthError(error)
      outcome = refusal.reason
      refuse(response, request.requestId, refusal)
    } finally {
      meter?.end(outcome, clock.monotonic() - startedAt)
    }
  }

  function answer(request: IncomingMessage, response: ServerResponse, given: Expectation): void {
    const requestId = RequestId(uuidv7(clock, random))
    if (isChunked(request)) readRecordByRecord(request.socket, recordByRecord)
    const { path, query } = splitTarget(request.url ?? '')
    const route = routes.get(path)
    const fault = httpFault(request)
    // Node accepts any list that contains 100-continue.
    const isKnown = given !== 'continue' || request.headers.expect?.toLowerCase() === '100-continue'
    const expectation = isKnown ? given : 'unknown'
    // A client that waits for 100 Continue may still send its body, which would be read as the next request.
    const isLast = expectation !== 'nothing'
    // Upgrades are not supported. Node drops the data that follows such a request, such as the next request.
    if (request.headers.upgrade !== undefined) response.setHeader('Connection', 'close')
    if (route === undefined) {
      const reason = fault ?? 'not_found'
      elsewhere?.refuse(reason)
      refuse(response, requestId, new OAuthError(reason), isLast)
      return
    }
    const { headers, socket } = request
    const parsed = (body: Buffer): HttpRequest => ({
      headers,
      query,
      body,
      requestId,
      traceId: parseTraceId(headers['traceparent']),
      remoteAddress: proxies.clientAddress(
        socket.remoteAddress ?? '',
        headers['x-forwarded-for'],
        headers['forwarded'],
      ),
      certificate: () => certificates.of(request),
    })
    const refuseEarly = (error: OAuthError): void => {
      route.meter?.refuse(error.reason)
      onRefusal(parsed(NO_BODY), error)
      refuse(response, requestId, error, isLast)
    }
    const endpoint = route.endpoints.get(request.method ?? '')
    const unfit = fault ?? (endpoint === undefined ? 'method_not_allowed' : unfitness(request, expectation))
    if (endpoint === undefined || unfit !== undefined) {
      const headersOfRefusal = unfit === 'method_not_allowed' ? { headers: { Allow: route.allow } } : {}
      refuseEarly(new OAuthError(unfit ?? 'method_not_allowed', headersOfRefusal))
      return
    }
    if (expectation === 'continue') response.writeContinue()
    readBody(request, response, (body) =>
      guard(response, () => {
        if (body === undefined) refuseEarly(new OAuthError('body_too_large'))
        else serve(endpoint, parsed(body), response, route.meter).catch(fail(response))
      }),
    )
  }

  /** Only a defect of this very file ends here: there may be half an answer. */
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
      elsewhere?.refuse(reason)
      refuse(response, RequestId(uuidv7(clock, random)), new OAuthError(reason), true)
    },
  }
}

function toRoute(methods: Routes[string], meter: Meter | undefined): Route {
  // RFC 9110 §9.3.2: HEAD is GET without its content, which Node leaves out.
  const endpoints = new Map(
    Object.entries(methods).flatMap(([method, endpoint]): [string, Endpoint][] =>
      method === 'GET'
        ? [
            ['GET', endpoint],
            ['HEAD', endpoint],
          ]
        : [[method, endpoint]],
    ),
  )
  return { endpoints, allow: [...endpoints.keys()].join(', '), meter }
}

/** The path of a request target, and what follows its `?`. A target may be a whole URI (RFC 9112 §3.2.2). */
function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const origin = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '')
  const question = origin.indexOf('?')
  if (question === -1) return { path: origin, query: '' }
  return { path: origin.slice(0, question), query: origin.slice(question + 1) }
}

/** Hands over the whole body, once; undefined if it is over a limit. Bytes beyond the limit are not kept. */
function readBody(request: IncomingMessage, response: ServerResponse, take: (body: Buffer | undefined) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    const wasWithin = size <= BODY_LIMIT
    size += chunk.length
    if (size <= BODY_LIMIT && chunks.push(chunk) > MOST_PIECES) {
      size = Number.POSITIVE_INFINITY
      take(undefined)
      // This is for TLS records. For chunks, the refusal has done it.
      stopReading(request, response)
    } else if (size > BODY_LIMIT && wasWithin) take(undefined)
  })
  request.on('end', () => {
    const [only] = chunks
    if (size <= BODY_LIMIT) take(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks))
  })
}

const isChunked = ({ headers }: IncomingMessage): boolean => headers['transfer-encoding'] !== undefined

/**
 * Makes Node's parser read one record of 16 KiB at a time. By default it parses everything that has arrived at once, up to tens
 * of thousands of chunks. A listener for the data of the socket prevents that.
 * @param known the sockets that have that listener
 */
function readRecordByRecord(socket: Socket, known: WeakSet<Socket>): void {
  if (known.has(socket)) return
  known.add(socket)
  socket.on('data', () => {})
}

/** Closes the connection after its answers. Node parses the current record to its end, which must cost nothing. */
function stopReading(request: IncomingMessage, response: ServerResponse): void {
  request.push = () => false
  // A response without a socket waits for earlier ones on the connection. It will be the last one.
  if (response.socket !== null) request.socket.destroy()
}
