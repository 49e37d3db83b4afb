import type { Server } from 'node:http'

/** Listens on a free port of 127.0.0.1, and prints its address. */
export function listening(server: Server): void {
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the server has no port')
    process.stdout.write(`listening on http://127.0.0.1:${address.port}\n`)
  })
}
