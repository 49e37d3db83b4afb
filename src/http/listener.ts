import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer, Server as TlsServer } from 'node:https'
import { type AddressInfo, type ListenOptions, Server as NetServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSecureContext, type TLSSocket } from 'node:tls'
import { certificateOfSocket, type PresentedCertificate } from '../certificates/peer.ts'
import { OAuthError } from '../oauth/error.ts'
import type { Reason } from '../oauth/refusals.ts'
import { uuidv7 } from '../platform/random.ts'
import { UserError } from '../platform/user-error.ts'
import { type AppOptions, createApp } from './app.ts'
import type { MeterFor } from './meter.ts'
import { errorResponse } from './respond.ts'

/** Milliseconds. Who is slower is cut off, so that slow senders can't use up the connections. */
const LIMITS = { headersTimeout: 10_000, requestTimeout: 15_000, connectionsCheckingInterval: 1_000 } as const
/** Longer than the minute for which load balancers keep a connection: it is theirs to close, or requests get lost. */
const KEEP_ALIVE_MS = 65_000
/**
 * Bytes, in place of Node's 16 KiB, where proxies pass on certificates: the longest chain that is looked at, of RSA keys with
 * 4,096 bits, is some 18 KB in the header of Envoy, and a DPoP proof with such a key 2 KB more.
 */
const HEADERS_WITH_CERTIFICATES = 32 * 1024
const HANDSHAKE_TIMEOUT_MS = 10_000
/** For how long a connection that is idle when draining begins may still bring a request. */
const IDLE_GRACE_MS = 1_000

/**
 * Where the system spreads connections over the processes that listen on one port. Elsewhere Node's primary accepts them and
 * hands them on; one that it hands to a worker that dies in that moment is neither answered nor closed.
 */
const CAN_SHARE = process.platform === 'linux'

const OLDEST_TLS = { minVersion: 'TLSv1.2' } as const

/** PEM. */
interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface ListenerOptions extends AppOptions {
  readonly host: string
  readonly port: number
  /** Undefined for plain HTTP. */
  readonly tls: Certificate | undefined
  /** Whether clients are asked for a certificate. Who has none is served all the same. */
  readonly asksCertificate: boolean
  /** Whether other processes of this server listen on the same port. */
  readonly isShared?: boolean
  /** Told of each certificate that a new TLS session begins with, whatever is then asked over it. */
  readonly onCertificate?: (presented: PresentedCertificate) => void
}

export interface Listener {
  /** The port it listens on. */
  readonly port: number
  /**
   * Checks another certificate, which what is returned has every new connection see; those that there are go on.
   * @throws UserError where it can't be served
   */
  prepareCertificate(certificate: Certificate): () => void
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
  const sockets = new Set<Socket>()
  const { servers, port } = await bindAll(options, () => noteSockets(createHttpServer(options, app), sockets))
  return {
    port,
    prepareCertificate: (certificate) => {
      const context = { ...certificate, ...OLDEST_TLS }
      checkContext(context)
      return () => {
        for (const server of servers) if (server instanceof TlsServer) server.setSecureContext(context)
      }
    },
    drain: async (timeout) => {
      state.draining = true
      await Promise.all(servers.map((server) => drainServer(server, sockets, timeout)))
    },
  }
}

function createHttpServer(options: ListenerOptions, app: RequestListener): Server {
  const { tls, asksCertificate, certificateHeader, clock, random, meterFor } = options
  const limits = { ...LIMITS, ...(certificateHeader !== undefined && { maxHeaderSize: HEADERS_WITH_CERTIFICATES }) }
  const server =
    tls === undefined
      ? createServer(limits, app)
      : createTlsServer(
          {
            ...limits,
            ...tls,
            ...OLDEST_TLS,
            handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
            // Whether a certificate counts depends on the client, which is known later; its key is proven in any case.
            requestCert: asksCertificate,
            rejectUnauthorized: false,
          },
          app,
        )
  server.keepAliveTimeout = KEEP_ALIVE_MS
  if (asksCertificate) server.on('secureConnection', (socket: TLSSocket) => noteCertificate(socket, options))
  return server.on('clientError', (error, socket) =>
    refuseUnparsed(error, socket as Socket, uuidv7(clock, random), meterFor),
  )
}

/** Keeps the connections that a server has among `sockets`, those in their TLS handshake included. */
function noteSockets(server: Server, sockets: Set<Socket>): Server {
  return server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
}

function checkContext(context: Certificate): void {
  try {
    createSecureContext(context)
  } catch (error) {
    throw new UserError("tls.cert, tls.key: TLS can't be served with these", { cause: error })
  }
}

function noteCertificate(socket: TLSSocket, { onCertificate, onDefect }: ListenerOptions): void {
  if (onCertificate === undefined || socket.isSessionReused()) return
  try {
    const presented = certificateOfSocket(socket)
    if (presented !== undefined) onCertificate(presented)
  } catch (error) {
    onDefect(error, '')
  }
}

/**
 * Makes sure that nobody listens where processes are to share a port: by themselves they would share it with another server.
 * @returns the port, a free one where that is 0. Rejects when the address is taken
 */
export async function reservePort(address: Pick<ListenerOptions, 'host' | 'port'>): Promise<number> {
  const { servers, port } = await bindAll(address, () => new NetServer())
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return port
}

/** Listens at every address that the host is. Rejects, listening nowhere, when one is taken. */
async function bindAll<Bound extends NetServer>(
  { host, port, isShared = false }: Pick<ListenerOptions, 'host' | 'port' | 'isShared'>,
  create: () => Bound,
): Promise<{ readonly servers: readonly Bound[]; readonly port: number }> {
  const servers: Bound[] = []
  let bound = port
  // `localhost` is two addresses, and clients try either.
  for (const address of host === 'localhost' ? ['127.0.0.1', '::1'] : [host]) {
    const server = create()
    try {
      bound = await bind(server, { host: address, port: bound, reusePort: isShared && CAN_SHARE })
      servers.push(server)
    } catch (error) {
      if (address === '::1' && isNoSuchAddress(error)) continue
      for (const other of servers) other.close()
      throw error
    }
  }
  return { servers, port: bound }
}

function bind(server: NetServer, address: ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...address, backlog: 4096 }, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

const isNoSuchAddress = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(String(error.code))

async function drainServer(server: Server, sockets: ReadonlySet<Socket>, timeout: number): Promise<void> {
  const done = new AbortController()
  // Not http's own close(): that cuts idle connections at once, and with them any request that is on its way.
  const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()))
  const closing = (async () => {
    await sleep(Math.min(IDLE_GRACE_MS, timeout), undefined, done)
    server.closeIdleConnections()
    await sleep(Math.max(0, timeout - IDLE_GRACE_MS), undefined, done)
    // Not http's closeAllConnections(), which knows none that has not yet done with TLS.
    for (const socket of sockets) socket.destroy()
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

function refuseUnparsed(
  error: Error & { code?: string },
  socket: Socket,
  requestId: string,
  meterFor: MeterFor | undefined,
): void {
  // Where TLS has failed or never came, or the connection broke, there is nobody to answer: it would wait for ever.
  if (!socket.writable || !/^(HPE_|ERR_HTTP_)/.test(error.code ?? '')) {
    socket.destroy()
    return
  }
  const refusal = new OAuthError(PARSER_REFUSALS[error.code ?? ''] ?? 'malformed_request')
  meterFor?.(undefined).refuse(refusal.reason)
  const { status, headers, body } = errorResponse(refusal, '')
  const lines = Object.entries({ ...headers, 'X-Request-Id': requestId, Connection: 'close' })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.end(`HTTP/1.1 ${status} \r\n${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}
