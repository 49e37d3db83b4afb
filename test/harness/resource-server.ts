import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { inject } from 'vitest'

/** An API that serves over TLS, with the certificate of the test servers. */
export interface ResourceServer {
  readonly url: string
  stop(): Promise<void>
}

/** Serves `app` on the loopback interface. @param port any free one by default */
export function startResourceServer(app: RequestListener, port = 0): Promise<ResourceServer> {
  const tls = inject('tls')
  const server = createServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, app)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () =>
      resolve({
        url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
        stop: () =>
          new Promise((stopped) => {
            server.close(() => stopped())
            server.closeAllConnections()
          }),
      }),
    )
  })
}
