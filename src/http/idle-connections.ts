import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Closes the connections that have been idle for longest, if too many are idle. The server keeps idle connections for
 * longer than any load balancer does, so a stranger could use up all connections with one request each.
 */
export function limitIdleConnections(server: Server, most: number): void {
  /** Connections without a request under way, the longest idle first. */
  const idle = new Set<Socket>()
  /**
   * The number of requests under way on each connection. A client may send a request before the last one is answered
   * (RFC 9112 §9.3.2).
   */
  const underway = new Map<Socket, number>()

  function begin(socket: Socket): void {
    const count = underway.get(socket)
    if (count === undefined) socket.once('close', () => forget(socket))
    underway.set(socket, (count ?? 0) + 1)
    idle.delete(socket)
  }

  function end(socket: Socket): void {
    const count = underway.get(socket)
    if (count === undefined) return
    underway.set(socket, count - 1)
    if (count > 1) return
    idle.add(socket)
    const [longest] = idle
    if (idle.size > most) longest?.destroy()
  }

  function forget(socket: Socket): void {
    idle.delete(socket)
    underway.delete(socket)
  }

  server.on('request', ({ socket }, response) => {
    begin(socket)
    response.once('close', () => end(socket))
  })
}
