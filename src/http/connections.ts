import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** A connection that speaks HTTP. */
interface Connection {
  /** What is read from and written to: the same as `tcp` where there is no TLS. */
  readonly socket: Socket
  readonly tcp: Socket
  /** The answer to the request that came last, until it is written; those before it are written before it is. */
  latest: ServerResponse | undefined
  /** Whether nothing more is answered than what is owed. */
  isClosing: boolean
}

/** The connections of a listener: and which answers each still owes. */
export class Connections {
  /** All there are, those in their TLS handshake included, by their ends. */
  readonly #tcp = new Map<string, Socket>()
  readonly #open = new Map<Socket, Connection>()

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
    connection.latest = response
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
    for (const tcp of this.#tcp.values()) tcp.destroy()
  }
}

const createConnection = (socket: Socket, tcp: Socket): Connection => ({
  socket,
  tcp,
  latest: undefined,
  isClosing: false,
})

const endsOf = ({ remoteAddress, remotePort, localAddress }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress}`
