import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { OAuthError } from '../oauth/error.ts'
import type { Reason } from '../oauth/refusals.ts'
import { uuidv7 } from '../platform/random.ts'
import type { App, AppOptions } from './app.ts'
import type { Connections } from './connections.ts'
import { errorResponse } from './respond.ts'

/** What keeps a request from being parsed, as Node tells it. */
interface ParseError extends Error {
  readonly code?: string
  /** What the parser says beside its code. */
  readonly reason?: string
}

/** What Node's parser refuses, by its code; anything else that it refuses is malformed. */
const PARSER_REFUSALS: Readonly<Record<string, Reason>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  // The preface of HTTP/2.
  HPE_PAUSED_H2_UPGRADE: 'http_version',
  // More came while the client had to take answers first.
  HPE_PAUSED: 'too_many_at_once',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}
/** What came in place of a TLS handshake was HTTP. */
const PLAIN_HTTP = new Set(['ERR_SSL_HTTP_REQUEST', 'ERR_SSL_HTTPS_PROXY_REQUEST'])
/** What a server answers somewhere or other; of a CONNECT request, nowhere (RFC 9110 §9.3.6). */
const METHODS = { Allow: 'GET, HEAD, POST' }

type Options = Pick<AppOptions, 'clock' | 'random' | 'meterFor'>

/** Has what never becomes a request answered like any request that is refused, and in its turn. */
export function answerUnparsed(server: Server, app: App, connections: Connections, options: Options): Server {
  return server
    .on('clientError', (error: ParseError, socket) => refuse(error, socket as Socket, app, connections, options))
    .on('connect', (_request: IncomingMessage, socket) => {
      // Node has let go of it.
      socket.on('error', () => socket.destroy())
      const error = new OAuthError('method_not_allowed', { headers: METHODS })
      connections.close(socket as Socket, toBytes(error, options))
    })
}

function refuse(error: ParseError, socket: Socket, app: App, connections: Connections, options: Options): void {
  const { code = '' } = error
  if (PLAIN_HTTP.has(code)) {
    connections.tcpOf(socket)?.end(toBytes(new OAuthError('https_required'), options))
    return
  }
  // Where TLS has failed or never came, or the connection broke, there is nobody to answer: it would wait for ever.
  if (!socket.writable || !/^(HPE_|ERR_HTTP_)/.test(code)) {
    socket.destroy()
    return
  }
  if (connections.isClosing(socket)) return
  const reason = reasonOf(error)
  const unfinished = connections.unfinished(socket)
  if (unfinished?.headersSent === false) app.refuse(unfinished, reason)
  // RFC 9112 §9.6: what comes after the last request is not answered; nor is the rest of one that was.
  const isAnswered = unfinished !== undefined || code === 'HPE_CLOSED_CONNECTION'
  connections.close(socket, isAnswered ? undefined : toBytes(new OAuthError(reason), options))
}

function reasonOf({ code = '', reason }: ParseError): Reason {
  // The code is also that of a good version before a bad end of the line.
  if (code === 'HPE_INVALID_VERSION' && reason === 'Invalid HTTP version') return 'http_version'
  return PARSER_REFUSALS[code] ?? 'malformed_request'
}

/** An answer as it is sent where Node has no response to send it with. */
function toBytes(error: OAuthError, { clock, random, meterFor }: Options): string {
  meterFor?.(undefined).refuse(error.reason)
  const { status, headers, body } = errorResponse(error, '')
  const all = {
    ...headers,
    'X-Request-Id': uuidv7(clock, random),
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} \r\n${lines.join('')}\r\n${body}`
}
