import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process that the proxy forwards connections to. */
interface Backend {
  readonly port: number
  /** The address that serves `/readyz`. */
  readonly admin: string
}

/** A load balancer for connections. */
export interface RoundRobin {
  /** The number of connections that each backend has been given. */
  readonly given: readonly number[]
  /** Gives connections to one more backend from now on. */
  add(backend: Backend): void
  stop(): Promise<void>
}

const CHECK_EVERY_MS = 100

/**
 * Gives each connection to the next backend whose `/readyz` last answered 200, or to another if that one refuses it.
 * Open connections keep their backend. The caller stops the balancer.
 */
export async function startRoundRobin(port: number, first: readonly Backend[]): Promise<RoundRobin> {
  const backends: Backend[] = []
  const given: number[] = []
  const isReady: boolean[] = []
  const watching: Promise<void>[] = []
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
    // The other side of the proxy sees the error, because its connection ends.
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
  const add = (backend: Backend): void => {
    given.push(0)
    isReady.push(true)
    watching.push(watch(backend.admin, backends.push(backend) - 1))
  }
  for (const backend of first) add(backend)
  return {
    given,
    add,
    stop: async () => {
      isOver = true
      await Promise.all(watching)
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
