/** A connection to a database that is slow, or breaks. May import nothing. */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Breaker } from '../harness/breaker.ts'

/** What lies between a server and its database. */
export interface Link {
  /** The address of a database, by way of the link. */
  through(url: string): string
  /** The port of 127.0.0.1 that new connections lead to; those that are there go on. */
  target: number
  /** Milliseconds that each answer takes longer; those under way are not hurried. */
  delay: number
  /** At which of the things that are sent connections break, before or after they reach the database. */
  readonly breaker: Breaker
  stop(): Promise<void>
}

/** Starts one; whoever does stops it. @param target a port of 127.0.0.1 */
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
