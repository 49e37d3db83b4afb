import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { OAuthError } from '../oauth/error.ts'
import type { Reason } from '../oauth/refusals.ts'
import { uuidv7 } from '../platform/random.ts'
import { type AppOptions, createApp } from './app.ts'
import { errorResponse } from './respond.ts'

/** Milliseconds. Who is slower is cut off, so that slow senders can't use up the connections. */
const LIMITS = { headersTimeout: 10_000, requestTimeout: 15_000, connectionsCheckingInterval: 1_000 } as const
/** Longer than the minute for which load balancers keep a connection: it is theirs to close, or requests get lost. */
const KEEP_ALIVE_MS = 65_000
const HANDSHAKE_TIMEOUT_MS = 10_000
/** For how long a connection that is idle when draining begins may still bring a request. */
const IDLE_GRACE_MS = 1_000

interface ListenerOptions extends AppOptions {
  readonly host: string
  readonly port: number
  /** PEM; undefined for plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined
}

export interface Listener {
  /** The port it listens on. */
  readonly port: number
  /**
   * Takes no new connections, answers what comes over those there are and closes each after its answer; resolves when
   * all are closed, after `timeout` milliseconds at the latest.
   */
  drain(timeout: number): Promise<void>
}

/** Starts to listen. Rejects when the address is taken. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const state = { draining: false }
  const app = createApp(options, state)
  // `localhost` is two addresses, and clients try either.
  const hosts = options.host === 'localhost' ? ['127.0.0.1', '::1'] : [options.host]
  const servers: Server[] = []
  let port = options.port
  for (const host of hosts) {
    const server = createHttpServer(options, app)
    try {
      port = await bind(server, host, port)
      servers.push(server)
    } catch (error) {
      if (host === '::1' && isNoSuchAddress(error)) continue
      for (const bound of servers) bound.close()
      throw error
    }
  }
  return {
    port,
    drain: async (timeout) => {
      state.draining = true
      await Promise.all(servers.map((server) => drainServer(server, timeout)))
    },
  }
}

function createHttpServer({ tls, clock, random }: ListenerOptions, app: RequestListener): Server {
  const server =
    tls === undefined
      ? createServer(LIMITS, app)
      : createTlsServer({ ...LIMITS, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: HANDSHAKE_TIMEOUT_MS }, app)
  server.keepAliveTimeout = KEEP_ALIVE_MS
  return server.on('clientError', (error, socket) => refuseUnparsed(error, socket as Socket, uuidv7(clock, random)))
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: 4096 }, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

const isNoSuchAddress = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(String(error.code))

async function drainServer(server: Server, timeout: number): Promise<void> {
  const done = new AbortController()
  // Not http's own close(): that cuts idle connections at once, and with them any request that is on its way.
  const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()))
  const closing = (async () => {
    await sleep(Math.min(IDLE_GRACE_MS, timeout), undefined, done)
    server.closeIdleConnections()
    await sleep(Math.max(0, timeout - IDLE_GRACE_MS), undefined, done)
    server.closeAllConnections()
  })().catch(() => {})
  await closed
  done.abort()
  await closing
  server.close(() => {})
}

/** What Node's parser refuses before there is a request. */
const PARSER_REFUSALS: Readonly<Record<string, Reason>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}

function refuseUnparsed(error: Error & { code?: string }, socket: Socket, requestId: string): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const refusal = new OAuthError(PARSER_REFUSALS[error.code ?? ''] ?? 'malformed_request')
  const { status, headers, body } = errorResponse(refusal, '')
  const lines = Object.entries({ ...headers, 'X-Request-Id': requestId, Connection: 'close' })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.end(`HTTP/1.1 ${status} \r\n${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}
