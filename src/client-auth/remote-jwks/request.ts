import type { IncomingMessage } from 'node:http'
import { Agent, request as requestOf } from 'node:https'
import { isIP, type LookupFunction, Socket } from 'node:net'
import { connect as connectTls, type SecureContext } from 'node:tls'
import { codeOf, networkFault } from '../../platform/system-error.ts'
import { type Fault, FetchError } from './fetch-error.ts'
import type { HostAddress } from './resolve.ts'
import { hostOf } from './url.ts'

/** The content of a request. */
export interface Sent {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/** A request for a document. */
export const GET: Sent = { method: 'GET', headers: { accept: 'application/json' }, body: undefined }

interface RequestOptions extends Sent {
  /** The addresses to connect to, even if the name now resolves to others; or an open connection. */
  readonly to: readonly HostAddress[] | Socket
  /** The trusted roots; undefined for the usual ones. */
  readonly secureContext: SecureContext | undefined
  /** Aborts the request and the response. */
  readonly signal: AbortSignal
}

/** The most bytes of response headers. */
const LARGEST_HEADERS = 16 * 1024

const messages: Partial<Record<Fault, string>> = {
  connect: 'no connection could be made',
  tls: 'no TLS connection could be made',
  protocol: 'the connection broke, or the answer was not HTTP',
  too_large: `the headers are over ${LARGEST_HEADERS} bytes`,
}

/**
 * Sends one request on its own connection and resolves with the head of the response.
 * @throws FetchError `connect`, `tls`, `protocol`, `too_large`, or the reason of the signal
 */
export function send(
  url: URL,
  { to, secureContext, signal, method, headers, body }: RequestOptions,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let stage: Fault = to instanceof Socket ? 'tls' : 'connect'
    const request = requestOf(url, {
      method,
      ...(to instanceof Socket ? over(to, url, secureContext) : directly(to)),
      headers: {
        ...headers,
        'accept-encoding': 'identity',
        'user-agent': 'Tessera',
      },
      maxHeaderSize: LARGEST_HEADERS,
      signal,
      ...(secureContext && { secureContext }),
    })
    request.once('socket', (socket) => {
      socket.once('connect', () => {
        stage = 'tls'
      })
      socket.once('secureConnect', () => {
        stage = 'protocol'
      })
    })
    request.once('response', resolve)
    request.on('error', (error) => reject(signal.aborted ? signal.reason : failure(url, stage, error)))
    // Anything else may end the request, such as an unrequested upgrade. After a response or an error this has no effect.
    request.once('close', () => reject(failure(url, stage, new Error('closed'))))
    request.end(body)
  })
}

/** Each request has its own agent, so that it shares no connection or TLS session and uses no proxy of the environment. */
export const directly = (addresses: readonly HostAddress[]) => ({
  agent: new Agent(),
  lookup: answerWith(addresses),
})

/** TLS with the host of the URL, even through a proxy. */
export const over = (socket: Socket, url: URL, secureContext: SecureContext | undefined) => ({
  createConnection: () => {
    const host = hostOf(url)
    const names = isIP(host) === 0 ? { servername: host } : { host }
    return connectTls({ socket, ...names, ...(secureContext && { secureContext }) })
  },
})

function failure(url: URL, stage: Fault, error: Error): FetchError {
  const fault = codeOf(error) === 'HPE_HEADER_OVERFLOW' ? 'too_large' : stage
  const why = fault === 'too_large' ? undefined : networkFault(error)
  return new FetchError(fault, url.href, why === undefined ? `${messages[fault]}` : `${messages[fault]}: ${why}`, error)
}

/** Replaces the resolver. It answers every query with the checked addresses. */
function answerWith(addresses: readonly HostAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses
    if (options.all === true) callback(null, [...addresses])
    else callback(null, first?.address ?? '', first?.family)
  }
}
