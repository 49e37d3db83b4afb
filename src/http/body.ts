import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** The most bytes of a body, unless the listener has another limit. */
export const BODY_LIMIT = 64 * 1024
/** The most chunks or TLS records of a body. Each takes two microseconds, and an honest body has a handful. */
const MOST_PIECES = 256

/**
 * Reads the whole body, of at most `limit` bytes, and calls `take` once: with the body, or with undefined if it is over a limit.
 * Bytes beyond the limit are dropped.
 */
export function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
  take: (body: Buffer | undefined) => void,
): void {
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    const wasWithin = size <= limit
    size += chunk.length
    if (size <= limit && chunks.push(chunk) > MOST_PIECES) {
      size = Number.POSITIVE_INFINITY
      take(undefined)
      // A body in too many TLS records ends here. A chunked one has already ended with its refusal.
      stopReading(request, response)
    } else if (size > limit && wasWithin) take(undefined)
  })
  request.on('end', () => {
    const [only] = chunks
    if (size <= limit) take(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks))
  })
}

export const isChunked = ({ headers }: IncomingMessage): boolean => headers['transfer-encoding'] !== undefined

/**
 * Makes Node's parser read one record of 16 KiB at a time. By default it parses everything that has arrived at once, up to tens
 * of thousands of chunks. A listener for the data of the socket prevents that.
 */
export class RecordByRecord {
  readonly #sockets = new WeakSet<Socket>()

  read(socket: Socket): void {
    if (this.#sockets.has(socket)) return
    this.#sockets.add(socket)
    socket.on('data', () => {})
  }
}

/**
 * Closes the connection after its answers. Node still parses the current record to its end, so `push` drops the rest at
 * no cost.
 */
export function stopReading(request: IncomingMessage, response: ServerResponse): void {
  request.push = () => false
  // A response without a socket waits for earlier ones on the connection. It will be the last one.
  if (response.socket !== null) request.socket.destroy()
}
