import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Backend } from './traffic-order.ts'

const CHECK_EVERY_MS = 250
/** Failed checks in a row that take a server out, as load balancers have it. One may be a pause of a busy machine. */
const MOST_FAILED = 3
const TIMEOUT_MS = 10_000
/** Connections to each server. */
const CONNECTIONS = 32

export interface Answer {
  /** The name of the server. */
  readonly from: string
  readonly status: number
  readonly body: string
}

interface Asked {
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly form?: string
}

/** Gives each request to the next server whose `/readyz` answers 200, as load balancers do. It repeats none. */
export class Balancer {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  readonly #backends: readonly Backend[]
  readonly #ready = new Set<Backend>()
  #next = 0

  constructor(backends: readonly Backend[]) {
    this.#backends = backends
    for (const backend of backends) this.#watch(backend)
  }

  get backends(): readonly Backend[] {
    return this.#backends
  }

  /** Resolves once every server is ready. */
  async allReady(): Promise<void> {
    while (this.#ready.size < this.#backends.length) await sleep(CHECK_EVERY_MS)
  }

  isReady(backend: Backend): boolean {
    return this.#ready.has(backend)
  }

  /** The server whose turn it is. @throws Error if none is ready */
  next(): Backend {
    for (let tries = 0; tries < this.#backends.length; tries += 1) {
      const backend = this.#backends[this.#next++ % this.#backends.length]
      if (backend !== undefined && this.#ready.has(backend)) return backend
    }
    throw new Error('no server is ready')
  }

  /** Rejects if a server closes the connection, or gives no answer within 10 s. */
  send(path: string, { method = 'POST', headers = {}, form }: Asked, to = this.next()): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(new Error(`${to.name}: ${error.message}`))
      const sent = request(to.origin + path, {
        method,
        agent: this.#agent,
        timeout: TIMEOUT_MS,
        headers: {
          ...headers,
          ...(form !== undefined && {
            'content-type': 'application/x-www-form-urlencoded',
            'content-length': Buffer.byteLength(form),
          }),
        },
      })
      sent.on('error', fail)
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
      sent.on('response', (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (chunk) => {
          body += chunk
        })
        response.on('error', fail)
        response.on('end', () => resolve({ from: to.name, status: response.statusCode ?? 0, body }))
      })
      sent.end(form)
    })
  }

  async #watch(backend: Backend): Promise<void> {
    for (let failed = 0; ; ) {
      const isReady = await fetch(`${backend.admin}/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
        async (response) => {
          await response.body?.cancel()
          return response.ok
        },
        () => false,
      )
      failed = isReady ? 0 : failed + 1
      if (isReady) this.#ready.add(backend)
      else if (failed >= MOST_FAILED) this.#ready.delete(backend)
      await sleep(CHECK_EVERY_MS)
    }
  }
}
