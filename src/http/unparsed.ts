import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { RequestId } from '../oauth/ids.ts'
import type { Refusal } from '../oauth/refusal.ts'
import { uuidv7 } from '../platform/random.ts'
import type { App, AppOptions } from './app.ts'
import type { Connections } from './connections.ts'
import { type HttpReason, refusal, showingAddress } from './refusals.ts'
import { errorResponse } from './respond.ts'

/** Node's error for a request that it can't parse. */
interface ParseError extends Error {
  readonly code?: string
  /** The parser's message, besides its code. */
  readonly reason?: string
}

/** The refusals by code of Node's parser. Any other code means a malformed request. */
const PARSER_REFUSALS: Readonly<Record<string, HttpReason>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  // The client sent the preface of HTTP/2.
  HPE_PAUSED_H2_UPGRADE: 'http_version',
  // More requests came while the client had not read its answers.
  HPE_PAUSED: 'too_many_at_once',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}
/** The client sent plain HTTP in place of a TLS handshake. */
const PLAIN_HTTP = new Set(['ERR_SSL_HTTP_REQUEST', 'ERR_SSL_HTTPS_PROXY_REQUEST'])
/** The methods that the server supports on some path. CONNECT is supported on none (RFC 9110 §9.3.6). */
const METHODS = 'GET, HEAD, POST'

type Options = Pick<AppOptions, 'clock' | 'random' | 'meterFor' | 'tokenEndpoint' | 'respond'>

/** Answers data that Node can't parse like a refused request, after the answers to earlier requests. */
export function answerUnparsed(server: Server, app: App, connections: Connections, options: Options): Server {
  return server
    .on('clientError', (error: ParseError, socket) => refuse(error, socket as Socket, app, connections, options))
    .on('connect', (_request: IncomingMessage, socket) => {
      // Node no longer handles errors of this socket.
      socket.on('error', () => socket.destroy())
      const error = refusal('method_not_allowed', { allow: METHODS })
      connections.close(socket as Socket, toBytes(error, options))
    })
}

function refuse(error: ParseError, socket: Socket, app: App, connections: Connections, options: Options): void {
  const { code = '' } = error
  if (PLAIN_HTTP.has(code)) {
    connections.tcpOf(socket)?.end(toBytes(showingAddress(options.tokenEndpoint)('https_required'), options))
    return
  }
  // If TLS has failed or never began, or the connection broke, no answer is possible, and waiting would never end.
  if (!socket.writable || !/^(HPE_|ERR_HTTP_)/.test(code)) {
    socket.destroy()
    return
  }
  if (connections.isClosing(socket)) return
  const reason = reasonOf(error)
  const unfinished = connections.unfinished(socket)
  if (unfinished?.headersSent === false) app.refuse(unfinished, reason)
  // RFC 9112 §9.6: data after the last request is not answered, nor is the rest of a request that was answered.
  const isAnswered = unfinished !== undefined || code === 'HPE_CLOSED_CONNECTION'
  connections.close(socket, isAnswered ? undefined : toBytes(refusal(reason), options))
}

function reasonOf({ code = '', reason }: ParseError): HttpReason {
  // Node uses this code for a valid version before a bad line end, too.
  if (code === 'HPE_INVALID_VERSION' && reason === 'Invalid HTTP version') return 'http_version'
  return PARSER_REFUSALS[code] ?? 'malformed_request'
}

/** The bytes of an answer, for when Node has no response object to send it with. */
function toBytes(error: Refusal, { clock, random, meterFor, respond = errorResponse }: Options): string {
  meterFor?.(undefined).refuse(error)
  const requestId = RequestId(uuidv7(clock, random))
  const { status, headers, body } = respond(error, '', requestId)
  const all = {
    ...headers,
    'X-Request-Id': requestId,
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} \r\n${lines.join('')}\r\n${body}`
}
