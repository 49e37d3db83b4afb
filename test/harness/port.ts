import { once } from 'node:events'
import { createServer, type ListenOptions, type Server } from 'node:net'

/**
 * Each process begins at another place in a range below the system's ephemeral ports, so that it seldom meets a port that another
 * one has.
 */
const FIRST = 12_000
const COUNT = 20_000
let next = (process.pid * 101) % COUNT

/** Finds a free port on localhost. While this process lives, no other gets it from here, even if nobody listens there yet. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < COUNT; tries += 1) {
    const port = FIRST + (next++ % COUNT)
    if ((await isFree(port, '127.0.0.1')) && (await isFree(port, '::1')) && (await reserve(port))) return port
  }
  throw new Error(`no port from ${FIRST} on is free`)
}

async function isFree(port: number, host: string): Promise<boolean> {
  const probe = createServer()
  const isOurs = await listens(probe, { port, host })
  if (probe.listening) await new Promise((resolve) => probe.close(resolve))
  return isOurs
}

/** Takes a name that the system frees with this process (unix(7), abstract sockets). Only Linux has such names. */
const reserve = (port: number): Promise<boolean> =>
  listens(createServer().unref(), { path: `\0tessera-test-port-${port}` })

/** Makes a server listen. @returns whether nobody else does */
async function listens(server: Server, address: ListenOptions): Promise<boolean> {
  try {
    await once(server.listen(address), 'listening')
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
  }
}
