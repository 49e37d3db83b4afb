import { createServer } from 'node:net'

/**
 * Each process begins at another place in a range below the system's ephemeral ports, so that parallel tests don't
 * collide.
 */
const FIRST = 12_000
const COUNT = 20_000
let next = (process.pid * 101) % COUNT

/** Finds a free port on localhost. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + (next++ % COUNT)
    if ((await isFree(port, '127.0.0.1')) && (await isFree(port, '::1'))) return port
  }
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'))
    probe.listen({ port, host }, () => probe.close(() => resolve(true)))
  })
}
