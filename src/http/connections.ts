import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Clock } from '../platform/clock.ts'

/** How often it is looked for clients that do not read. Milliseconds. */
const CHECKED_EVERY_MS = 1_000
/** Within that time a client must have taken all that was written for it, however slowly it reads. Milliseconds. */
const TAKEN_WITHIN_MS = 20_000
/**
 * A client that sent so many requests before it had the answers to those before may never have read any: the system keeps what it
 * does not read, and tells us nothing of it.
 */
const MOST_UNREAD = 16
/** For how long such a connection may be idle. Milliseconds. */
const IDLE_UNREAD_MS = 10_000
/** How long after our end a client may take to close its own. Milliseconds. */
const CLOSED_WITHIN_MS = 10_000

/** A connection that speaks HTTP. */
interface Connection {
  /** What is read from and written to: the same as `tcp` where there is no TLS. */
  readonly socket: Socket
  readonly tcp: Socket
  /** The answer to the request that came last, until it is written; those before it are written before it is. */
  latest: ServerResponse | undefined
  /** Requests that came before the answer to the one before was written. */
  pipelined: number
  /** Since when there is always something that the client has not taken. Monotonic milliseconds, as all times here. */
  pendingSince: number | undefined
  idleSince: number | undefined
  /** Whether nothing more is answered than what is owed. */
  isClosing: boolean
  /** When our side was closed. */
  endedAt: number | undefined
}

/** The connections of a listener: which answers each still owes, and which clients don't read theirs. */
export class Connections {
  readonly #clock: Clock
  /** All there are, those in their TLS handshake included, by their ends. */
  readonly #tcp = new Map<string, Socket>()
  readonly #open = new Map<Socket, Connection>()
  readonly #timer: NodeJS.Timeout

  constructor(clock: Clock) {
    this.#clock = clock
    this.#timer = setInterval(() => this.#check(), CHECKED_EVERY_MS)
    this.#timer.unref()
  }

  /** Keeps the connections of a server, for as long as they are open. */
  follow(server: Server): Server {
    server.on('connection', (tcp: Socket) => {
      const ends = endsOf(tcp)
      this.#tcp.set(ends, tcp)
      tcp.once('close', () => this.#tcp.delete(ends))
    })
    // A TLS server has two sockets for each connection, and its own event for the second.
    const event = 'setSecureContext' in server ? 'secureConnection' : 'connection'
    return server.on(event, (socket: Socket) => {
      this.#open.set(socket, createConnection(socket, this.tcpOf(socket) ?? socket))
      socket.once('close', () => this.#open.delete(socket))
    })
  }

  /** Notes that a request came. @param response that is to answer it */
  note(socket: Socket, response: ServerResponse): void {
    const connection = this.#open.get(socket)
    if (connection === undefined) return
    if (connection.latest?.writableFinished === false) connection.pipelined += 1
    connection.latest = response
    connection.idleSince = undefined
  }

  /** The answer to the request that came last, if that is not complete: what is wrong with the rest of it is its answer. */
  unfinished(socket: Socket): ServerResponse | undefined {
    const latest = this.#open.get(socket)?.latest
    return latest?.req.complete === false ? latest : undefined
  }

  /** The TCP connection under a socket of TLS, as long as it is open. */
  tcpOf(socket: Socket): Socket | undefined {
    return socket instanceof TLSSocket ? this.#tcp.get(endsOf(socket)) : socket
  }

  /**
   * Has nothing more answered over a connection, and closes it once all that is owed is written, then `last`. What the client
   * still sends is read, lest its system throw away what it has not read yet.
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

  /** Whether nothing more is to be answered over a connection. */
  isClosing(socket: Socket): boolean {
    return this.#open.get(socket)?.isClosing === true
  }

  /** Cuts all that are still open. */
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

/** Cuts a connection so that the system, too, gives up at once what it keeps for the client. */
function reset({ socket, tcp }: Connection): void {
  tcp.resetAndDestroy()
  socket.destroy()
}
