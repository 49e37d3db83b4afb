/** A connection to a database that can be slow or break. This file may import nothing. */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Breaker } from '../harness/breaker.ts'

/** A TCP proxy between a server and its database. */
export interface Link {
  /** The address of a database through the link. */
  through(url: string): string
  /** The port of 127.0.0.1 that new connections go to. Open connections keep theirs. */
  target: number
  /** Milliseconds by which each answer is delayed. A change doesn't affect answers under way. */
  delay: number
  /** Decides at which chunk a connection breaks, before or after the chunk reaches the database. */
  readonly breaker: Breaker
  stop(): Promise<void>
}

/** Starts a link. The caller stops it. @param target a port of 127.0.0.1 */
export async function startLink(target: number): Promise<Link> {
  const sockets = new Set<Socket>()
  const breaker = new Breaker()

  const server = createServer({ noDelay: true }, (client) => {
    const database = connect({ port: link.target, host: '127.0.0.1', noDelay: true })
    for (const socket of [client, database]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        database.destroy()
      })
    }
    let isBroken = false
    client.on('data', (sent) => {
      const failure = breaker.next()
      isBroken ||= failure !== undefined
      if (failure === 'before') client.destroy()
      else database.write(sent)
    })
    database.on('data', (answer) => {
      if (isBroken) client.destroy()
      else if (link.delay === 0) client.write(answer)
      else setTimeout(() => client.writable && client.write(answer), link.delay)
    })
  })
  server.listen({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')

  const { port } = server.address() as AddressInfo
  const link: Link = {
    through: (url) => url.replace(`:${target}/`, `:${port}/`),
    target,
    delay: 0,
    breaker,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return link
}
