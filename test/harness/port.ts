import { createServer } from 'node:net'

/** Each process begins elsewhere in a range below the ports that the system hands out: no two tests meet. */
const FIRST = 12_000
const COUNT = 20_000
let next = (process.pid * 101) % COUNT

/** A port of localhost on which nothing listens. */
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
