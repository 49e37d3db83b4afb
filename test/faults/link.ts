/** A connection to a database that is slow, or breaks. May import nothing. */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Failure } from './sqlite-calls.ts'

/** What lies between a server and its database. */
export interface Link {
  /** Where it listens, on 127.0.0.1. */
  readonly port: number
  /** Milliseconds that each answer takes longer; those under way are not hurried. */
  delay: number
  /** Has connections break: at the n-th thing sent from now, before or after it reaches the database, and at so many after it. */
  fail(nth: number, how: Failure, times?: number): void
  /** Ends that. @returns whether any failed */
  heal(): boolean
  stop(): Promise<void>
}

/** Starts one; whoever does stops it. @param target a port of 127.0.0.1 */
export async function startLink(target: number): Promise<Link> {
  const sockets = new Set<Socket>()
  let made = 0
  let failing = { first: Number.POSITIVE_INFINITY, last: 0, how: 'before' as Failure }

  const server = createServer({ noDelay: true }, (client) => {
    const database = connect({ port: target, host: '127.0.0.1', noDelay: true })
    for (const socket of [client, database]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        database.destroy()
      })
    }
    let breaks = false
    client.on('data', (sent) => {
      made += 1
      breaks ||= made >= failing.first && made <= failing.last
      if (breaks && failing.how === 'before') client.destroy()
      else database.write(sent)
    })
    database.on('data', (answer) => {
      if (breaks) client.destroy()
      else if (link.delay === 0) client.write(answer)
      else setTimeout(() => client.writable && client.write(answer), link.delay)
    })
  })
  server.listen({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')

  const link: Link = {
    port: (server.address() as AddressInfo).port,
    delay: 0,
    fail: (nth, how, times = 1) => {
      made = 0
      failing = { first: nth, last: nth + times - 1, how }
    },
    heal: () => {
      const came = made >= failing.first
      failing = { first: Number.POSITIVE_INFINITY, last: 0, how: 'before' }
      return came
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return link
}
