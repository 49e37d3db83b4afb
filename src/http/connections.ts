import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Clock } from '../platform/clock.ts'

/** How often connections are checked for clients that send or read too slowly. Milliseconds. */
export const CHECKED_EVERY_MS = 1_000
/** A slow client must have read everything written for it within this time. Milliseconds. */
const TAKEN_WITHIN_MS = 20_000
/**
 * A client that pipelined this many requests may never have read an answer. The system buffers unread answers, and does not
 * report that.
 */
const MOST_UNREAD = 16
/** How long such a connection may be idle. Milliseconds. */
const IDLE_UNREAD_MS = 10_000
/** How long a client may take to close its side after we have closed ours. Milliseconds. */
const CLOSED_WITHIN_MS = 10_000

/** A connection that speaks HTTP. */
interface Connection {
  /** The socket that is read and written; the same as `tcp` without TLS. */
  readonly socket: Socket
  readonly tcp: Socket
  /** The answer to the last request. Earlier answers are written before it. */
  latest: ServerResponse | undefined
  /** The number of requests that came before the previous answer was written. */
  pipelined: number
  /** The time since which the client has always had something left to read. Monotonic milliseconds, like all times here. */
  pendingSince: number | undefined
  idleSince: number | undefined
  /** Whether the connection takes no more requests and only writes the answers that it owes. */
  isClosing: boolean
  /** The time at which our side was closed. */
  endedAt: number | undefined
}

/** The connections of a listener: which answers each still owes, and which clients don't read theirs. */
export class Connections {
  readonly #clock: Clock
  /** All connections, including those in a TLS handshake, keyed by their two endpoints. */
  readonly #tcp = new Map<string, Socket>()
  readonly #open = new Map<Socket, Connection>()
  readonly #timer: NodeJS.Timeout

  constructor(clock: Clock) {
    this.#clock = clock
    this.#timer = setInterval(() => this.#check(), CHECKED_EVERY_MS)
    this.#timer.unref()
  }

  /** Tracks the connections of a server while they are open. */
  follow(server: Server): Server {
    server.on('connection', (tcp: Socket) => {
      const ends = endsOf(tcp)
      this.#tcp.set(ends, tcp)
      tcp.once('close', () => this.#tcp.delete(ends))
    })
    // A TLS server has two sockets for each connection, and a separate event for the second.
    const event = 'setSecureContext' in server ? 'secureConnection' : 'connection'
    return server.on(event, (socket: Socket) => {
      this.#open.set(socket, createConnection(socket, this.tcpOf(socket) ?? socket))
      socket.once('close', () => this.#open.delete(socket))
    })
  }

  /** Notes that a request came. @param response its answer */
  note(socket: Socket, response: ServerResponse): void {
    const connection = this.#open.get(socket)
    if (connection === undefined) return
    if (connection.latest?.writableFinished === false) connection.pipelined += 1
    connection.latest = response
    connection.idleSince = undefined
  }

  /** The answer to the last request, if that request is not complete. A fault in its rest must be reported in this answer. */
  unfinished(socket: Socket): ServerResponse | undefined {
    const latest = this.#open.get(socket)?.latest
    return latest?.req.complete === false ? latest : undefined
  }

  /** The TCP connection under a TLS socket, while it is open. */
  tcpOf(socket: Socket): Socket | undefined {
    return socket instanceof TLSSocket ? this.#tcp.get(endsOf(socket)) : socket
  }

  /**
   * Stops answering on a connection. It writes the owed answers and `last`, and then closes it. The server still reads what the
   * client sends; otherwise the client's system might drop the answers.
   */
  close(socket: Socket, last?: string): void {
    const connection = this.#open.get(socket)
    if (connection === undefined) socket.destroy()
    if (connection === undefined || connection.isClosing) return
    connection.isClosing = true
    const end = (): void => {
      connection.endedAt = this.#clock.monotonic()
      if (!socket.writable) socket.destroy()
      else if (last === undefined) socket.end()
      else socket.end(last)
      socket.resume()
    }
    const { latest } = connection
    if (latest === undefined || latest.writableFinished || latest.destroyed) end()
    else latest.once('close', end)
  }

  /** Whether a connection accepts no more requests. */
  isClosing(socket: Socket): boolean {
    return this.#open.get(socket)?.isClosing === true
  }

  /** Cuts all open connections. */
  destroy(): void {
    clearInterval(this.#timer)
    for (const tcp of this.#tcp.values()) tcp.destroy()
  }

  #check(): void {
    const now = this.#clock.monotonic()
    for (const connection of this.#open.values()) this.#checkOne(connection, now)
  }

  #checkOne(connection: Connection, now: number): void {
    const { socket, pipelined, endedAt } = connection
    if (connection.latest?.writableFinished === true) connection.latest = undefined
    const isPending = socket.writableLength > 0
    const isIdle = !isPending && connection.latest === undefined
    connection.pendingSince = isPending ? (connection.pendingSince ?? now) : undefined
    connection.idleSince = isIdle ? (connection.idleSince ?? now) : undefined

    const hasPassed = (since: number | undefined, time: number) => since !== undefined && now - since >= time
    if (hasPassed(connection.pendingSince, TAKEN_WITHIN_MS) || (!isPending && hasPassed(endedAt, CLOSED_WITHIN_MS))) {
      reset(connection)
    } else if (pipelined >= MOST_UNREAD && hasPassed(connection.idleSince, IDLE_UNREAD_MS)) {
      this.close(socket)
    }
  }
}

const createConnection = (socket: Socket, tcp: Socket): Connection => ({
  socket,
  tcp,
  latest: undefined,
  pipelined: 0,
  pendingSince: undefined,
  idleSince: undefined,
  isClosing: false,
  endedAt: undefined,
})

const endsOf = ({ remoteAddress, remotePort, localAddress }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress}`

/** Resets a connection, so that the system also drops the data that it buffers for the client. */
function reset({ socket, tcp }: Connection): void {
  tcp.resetAndDestroy()
  socket.destroy()
}
