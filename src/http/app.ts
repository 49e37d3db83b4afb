/** HTTP on the outside, plain values on the inside. May import `oauth` and `platform`. */

import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { OAuthError } from '../oauth/error.ts'
import { RequestId } from '../oauth/ids.ts'
import type { Reason } from '../oauth/refusals.ts'
import type { Clock } from '../platform/clock.ts'
import { type RandomBytes, uuidv7 } from '../platform/random.ts'
import type { Endpoint, HttpRequest, HttpResponse, Routes } from './message.ts'
import type { TrustedProxies } from './proxies.ts'
import { asOAuthError, errorResponse } from './respond.ts'
import { parseTraceId } from './trace.ts'

const BODY_LIMIT = 64 * 1024

export interface AppOptions {
  readonly routes: Routes
  readonly proxies: TrustedProxies
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
}

/**
 * From a request of Fastify's to an endpoint of ours, and back.
 * @param state once it is draining, every answer ends its connection
 */
export function createApp(options: AppOptions, state: { readonly draining: boolean }): FastifyInstance {
  const { routes, proxies, onlyProxies, challenge, clock, random, onDefect, onRefusal } = options

  function send(reply: FastifyReply, response: HttpResponse): FastifyReply {
    reply.raw.setHeader('X-Request-Id', reply.request.id)
    if (state.draining) reply.raw.setHeader('Connection', 'close')
    return reply.code(response.status).headers(response.headers).send(response.body)
  }

  function refuse(reply: FastifyReply, thrown: unknown): FastifyReply {
    const error = asOAuthError(thrown)
    if (error.status >= 500) onDefect(error.cause ?? error, reply.request.id)
    return send(reply, errorResponse(error, challenge))
  }

  function refuseEarly(request: FastifyRequest, reply: FastifyReply, error: OAuthError): FastifyReply {
    onRefusal(parse(request), error)
    return refuse(reply, error)
  }

  function parse(request: FastifyRequest): HttpRequest {
    const { raw, headers } = request
    const peer = raw.socket.remoteAddress ?? ''
    const url = raw.url ?? ''
    const question = url.indexOf('?')
    return {
      headers,
      query: question === -1 ? '' : url.slice(question + 1),
      body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
      requestId: RequestId(request.id),
      traceId: parseTraceId(headers['traceparent']),
      remoteAddress: proxies.clientAddress(peer, headers['x-forwarded-for']),
    }
  }

  const app = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    genReqId: () => uuidv7(clock, random),
    frameworkErrors: (_error, _request, reply) => refuse(reply as FastifyReply, new OAuthError('not_found')),
  })
  app.removeAllContentTypeParsers()
  // Bytes for all: what a body must be is for its endpoint to say.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setErrorHandler((error, request, reply) => {
    const refusal = asRefusal(error)
    if (refusal.reason === 'body_too_large') reply.raw.setHeader('Connection', 'close')
    return refuseEarly(request, reply, refusal)
  })
  app.setNotFoundHandler((request, reply) => {
    const allow = allowedMethods(routes, request.url.split('?', 1)[0] ?? '')
    if (allow === undefined) return refuse(reply, new OAuthError('not_found'))
    return refuseEarly(request, reply, new OAuthError('method_not_allowed', { headers: { Allow: allow } }))
  })

  /** What keeps a request from any endpoint, whatever it asks for. */
  function unfitness({ raw }: FastifyRequest): Reason | undefined {
    if (onlyProxies && !proxies.includes(raw.socket.remoteAddress ?? '')) return 'not_from_proxy'
    return hasSeveralAuthorizations(raw.rawHeaders) ? 'repeated_header' : undefined
  }

  const handle = (endpoint: Endpoint) => async (request: FastifyRequest, reply: FastifyReply) => {
    const unfit = unfitness(request)
    if (unfit !== undefined) return refuseEarly(request, reply, new OAuthError(unfit))
    try {
      return send(reply, await endpoint(parse(request)))
    } catch (error) {
      return refuse(reply, error)
    }
  }
  for (const [path, methods] of Object.entries(routes)) {
    for (const [method, endpoint] of Object.entries(methods)) {
      app.route({ method, url: path, handler: handle(endpoint) })
    }
  }
  return app
}

/** The `Allow` of a path (RFC 9110 §10.2.1); undefined where nothing is served there. */
function allowedMethods(routes: Routes, path: string): string | undefined {
  if (!Object.hasOwn(routes, path)) return undefined
  const methods = Object.keys(routes[path] ?? {})
  return methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ')
}

/** Node keeps the first of several Authorization headers and says nothing of the others. */
function hasSeveralAuthorizations(rawHeaders: readonly string[]): boolean {
  let seen = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    if (name.length === 13 && name.toLowerCase() === 'authorization') seen += 1
  }
  return seen > 1
}

/** What Fastify throws before an endpoint is reached. */
const FRAMEWORK_REFUSALS: Readonly<Record<string, Reason>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_content_type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_request',
}

function asRefusal(error: unknown): OAuthError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const reason = FRAMEWORK_REFUSALS[code]
  return reason === undefined ? asOAuthError(error) : new OAuthError(reason, { cause: error })
}
