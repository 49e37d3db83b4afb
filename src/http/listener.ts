import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, Server as TlsServer } from 'node:https'
import { type ListenOptions, Server as NetServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSecureContext, type TLSSocket } from 'node:tls'
import { certificateOfSocket, type PresentedCertificate } from '../crypto/x509/peer.ts'
import { UserError } from '../platform/user-error.ts'
import { type App, type AppOptions, createApp, type Expectation } from './app.ts'
import { CHECKED_EVERY_MS, Connections } from './connections.ts'
import { limitIdleConnections } from './idle-connections.ts'
import { expectedRefusal } from './respond.ts'
import { CertificateRequests, renewTicketKeys, TLS_SETTINGS } from './tls.ts'
import { answerUnparsed } from './unparsed.ts'

/**
 * Bytes, in place of Node's 16 KiB, if proxies pass on certificates. In Envoy's header, the longest accepted chain of
 * 4,096-bit RSA keys has some 18 KB. A DPoP proof with such a key adds 2 KB.
 */
const HEADERS_WITH_CERTIFICATES = 32 * 1024
/** A connection that is idle when draining begins may still send a request for this long. Milliseconds. */
const IDLE_GRACE_MS = 1_000

/**
 * Whether the system spreads connections over the processes that listen on one port. Elsewhere Node's primary accepts
 * and distributes them. If a worker dies at that moment, its new connection is neither answered nor closed.
 */
const CAN_SHARE = process.platform === 'linux'

/** A certificate and its private key, in PEM. */
interface Certificate {
  readonly cert: string
  readonly key: string
}

/** Milliseconds. Slower senders are cut off, so that they can't use up the connections. */
interface Timeouts {
  readonly handshake: number
  readonly headers: number
  /** The limit for a whole request, including its headers. */
  readonly request: number
  /** The limit between two requests on a connection. */
  readonly keepAlive: number
}

export interface ListenerOptions extends AppOptions {
  readonly host: string
  readonly port: number
  /** Undefined for plain HTTP. */
  readonly tls: Certificate | undefined
  /**
   * Whether to ask the client of a new connection for a certificate. A client without one is served all the same. An
   * older connection that was not asked closes after its next answer.
   */
  readonly asksCertificate: () => boolean
  readonly timeouts: Timeouts
  /** The most idle connections that are kept. */
  readonly mostIdle: number
  /** Whether other processes of this server listen on the same port. */
  readonly isShared?: boolean
  /** Called with the client certificate of each new TLS session, even if no request follows. */
  readonly onCertificate?: (presented: PresentedCertificate) => void
}

export interface Listener {
  /** The port it listens on. */
  readonly port: number
  /**
   * Checks a new certificate. The returned function makes every new connection use it; open ones keep the old one.
   * @throws UserError if TLS can't be served with it
   */
  prepareCertificate(certificate: Certificate): () => void
  /**
   * Accepts no new connections, answers the requests on open ones, and closes each after its answer. Resolves when all
   * are closed, after `timeout` milliseconds at the latest.
   */
  drain(timeout: number): Promise<void>
}

/** Starts to listen. Rejects if the address is in use. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const state = { draining: false }
  const requests = new CertificateRequests(options.asksCertificate, options.random)
  const app = createApp(options, (socket) => state.draining || requests.isUnasked(socket))
  const connections = new Connections(options.clock)
  const create = () => createHttpServer(options, app, connections, requests)
  const { servers, port } = await bindAll(options, create).catch((error) => {
    connections.destroy()
    throw error
  })
  return {
    port,
    prepareCertificate: (certificate) => {
      const context = { ...certificate, ...TLS_SETTINGS }
      checkContext(context)
      return () => {
        for (const server of servers) if (server instanceof TlsServer) server.setSecureContext(context)
      }
    },
    drain: async (timeout) => {
      state.draining = true
      await Promise.all(servers.map((server) => drainServer(server, connections, timeout)))
      connections.destroy()
    },
  }
}

function createHttpServer(
  options: ListenerOptions,
  app: App,
  connections: Connections,
  requests: CertificateRequests,
): Server {
  const { tls, certificateHeader, clock, random, timeouts } = options
  const limits = {
    headersTimeout: timeouts.headers,
    requestTimeout: timeouts.request,
    keepAliveTimeout: timeouts.keepAlive,
    connectionsCheckingInterval: CHECKED_EVERY_MS,
    // Node would otherwise send an answer of its own.
    requireHostHeader: false,
    ...(certificateHeader !== undefined && { maxHeaderSize: HEADERS_WITH_CERTIFICATES }),
  }
  const server =
    tls === undefined
      ? createServer(limits)
      : createTlsServer({
          ...limits,
          ...tls,
          ...TLS_SETTINGS,
          handshakeTimeout: timeouts.handshake,
          // Node offers HTTP/1.1 alone, and refuses the handshake of a client that names only the version before.
          ALPNProtocols: ['http/1.1', 'http/1.0'],
          // Whether a certificate is accepted depends on the client, which is known later. Its key is proven in any case.
          requestCert: true,
          rejectUnauthorized: false,
        })
  limitIdleConnections(server, options.mostIdle)
  if (server instanceof TlsServer) {
    renewTicketKeys(server, clock, random)
    requests.follow(server, (socket) => connections.tcpOf(socket))
    server.on('secureConnection', (socket: TLSSocket) => noteCertificate(socket, options))
  }
  const serve = (expectation: Expectation) => (request: IncomingMessage, response: ServerResponse) => {
    connections.note(request.socket, response)
    app.serve(request, response, expectation)
  }
  server.on('request', serve('nothing')).on('checkContinue', serve('continue')).on('checkExpectation', serve('unknown'))
  return answerUnparsed(connections.follow(server), app, connections, options)
}

function checkContext(context: Certificate): void {
  try {
    createSecureContext(context)
  } catch (error) {
    throw new UserError("tls.cert, tls.key: TLS can't be served with this certificate and key", { cause: error })
  }
}

function noteCertificate(socket: TLSSocket, { onCertificate, onDefect }: ListenerOptions): void {
  if (onCertificate === undefined || socket.isSessionReused()) return
  try {
    const presented = certificateOfSocket(socket)
    if (presented !== undefined) onCertificate(presented)
  } catch (error) {
    // A malformed certificate is not a defect of the server. Each request that needs it is refused.
    if (expectedRefusal(error) === undefined) onDefect(error, '')
  }
}

/**
 * Makes sure that no other server listens on a port that our processes will share. The system would let them share it
 * with that server.
 * @returns the port, a free one if 0 was given. Rejects if the address is in use
 */
export async function reservePort(address: Pick<ListenerOptions, 'host' | 'port'>): Promise<number> {
  const { servers, port } = await bindAll(address, () => new NetServer())
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return port
}

/** Listens at every address of the host. Rejects and listens at none if one is in use. */
async function bindAll<Bound extends NetServer>(
  { host, port, isShared = false }: Pick<ListenerOptions, 'host' | 'port' | 'isShared'>,
  create: () => Bound,
): Promise<{ readonly servers: readonly Bound[]; readonly port: number }> {
  const servers: Bound[] = []
  let bound = port
  // `localhost` has two addresses, and clients try either.
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
      const at = server.address()
      resolve(typeof at === 'object' && at !== null ? at.port : 0)
    })
  })
}

const isNoSuchAddress = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(String(error.code))

async function drainServer(server: Server, connections: Connections, timeout: number): Promise<void> {
  const done = new AbortController()
  // http's close() would cut idle connections at once, and with them any request on its way.
  const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()))
  const closing = (async () => {
    await sleep(Math.min(IDLE_GRACE_MS, timeout), undefined, done)
    server.closeIdleConnections()
    await sleep(Math.max(0, timeout - IDLE_GRACE_MS), undefined, done)
    // http's closeAllConnections() leaves out connections in a TLS handshake.
    connections.destroy()
  })().catch(() => {})
  await closed
  done.abort()
  await closing
  server.close(() => {})
}
