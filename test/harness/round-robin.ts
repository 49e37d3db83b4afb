import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Whom a proxy passes connections on to. */
interface Backend {
  readonly port: number
  /** Where it says whether it is ready. */
  readonly admin: string
}

/** A load balancer of connections, as simple as they come. */
export interface RoundRobin {
  /** How many connections each backend has been given. */
  readonly given: readonly number[]
  stop(): Promise<void>
}

const CHECK_EVERY_MS = 100

/**
 * Gives each connection to the next backend whose `/readyz` last said 200, and to another where that one can't be connected to.
 * What is connected stays so. Whoever starts it stops it.
 */
export async function startRoundRobin(port: number, backends: readonly Backend[]): Promise<RoundRobin> {
  const given = backends.map(() => 0)
  const isReady = backends.map(() => true)
  const sockets = new Set<Socket>()
  let next = 0

  async function dial(): Promise<Socket | undefined> {
    for (let attempt = 0; attempt < backends.length; attempt += 1) {
      const chosen = next++ % backends.length
      const backend = backends[chosen]
      if (backend === undefined || isReady[chosen] !== true) continue
      const socket = connect({ port: backend.port, host: '127.0.0.1', noDelay: true })
      try {
        await once(socket, 'connect')
        given[chosen] = (given[chosen] ?? 0) + 1
        return socket
      } catch {}
    }
    return undefined
  }

  const server = createServer({ noDelay: true, pauseOnConnect: true }, async (client) => {
    keep(client)
    const backend = await dial()
    if (backend === undefined) {
      client.destroy()
      return
    }
    keep(backend)
    client.pipe(backend).pipe(client)
    for (const [one, other] of [
      [client, backend],
      [backend, client],
    ] as const) {
      one.on('close', () => other.destroySoon())
    }
  })

  function keep(socket: Socket): void {
    sockets.add(socket)
    // Who sees it is the other side, whose connection then ends.
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }

  let isOver = false
  async function watch(admin: string, index: number): Promise<void> {
    while (!isOver) {
      isReady[index] = await fetch(`${admin}/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
        async (response) => {
          await response.body?.cancel()
          return response.ok
        },
        () => false,
      )
      await sleep(CHECK_EVERY_MS)
    }
  }

  server.listen({ port, host: '127.0.0.1' })
  await once(server, 'listening')
  const watching = backends.map(({ admin }, index) => watch(admin, index))
  return {
    given,
    stop: async () => {
      isOver = true
      await Promise.all(watching)
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
