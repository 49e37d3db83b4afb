/** A TLS client on its own thread, so that its work isn't counted as the server's. */

import { connect } from 'node:tls'
import { parentPort } from 'node:worker_threads'

/** The bytes to send over a new connection. */
export interface Sending {
  readonly port: number
  /** PEM: a client certificate with its chain, and its key. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** Each piece is sent in a TLS record of its own. */
  readonly pieces: readonly string[]
  readonly version?: 'TLSv1.2' | 'TLSv1.3' | undefined
  /** The only key exchange group that the client offers. */
  readonly group?: string | undefined
}

/** SSL_OP_NO_TICKET: OpenSSL can't make a ticket for a large certificate, and breaks the connection if it tries. */
const NO_TICKET = 0x4000

function send({ port, cert, key, pieces, version, group }: Sending): void {
  const chunks: Buffer[] = []
  let isOver = false
  const done = (answer: string): void => {
    if (isOver) return
    isOver = true
    socket.destroy()
    parentPort?.postMessage(answer)
  }
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    rejectUnauthorized: false,
    ...(cert && { cert }),
    ...(key && { key }),
    ...(version && { minVersion: version, maxVersion: version }),
    ...(version === 'TLSv1.2' && { secureOptions: NO_TICKET }),
    ...(group && { ecdhCurve: group }),
  })
  socket.on('secureConnect', () => {
    socket.setNoDelay()
    const next = (index: number): void => {
      const piece = pieces[index]
      if (piece !== undefined && !isOver) socket.write(piece, 'latin1', () => next(index + 1))
    }
    next(0)
  })
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    const text = Buffer.concat(chunks).toString('latin1')
    const [, length] = /\r\ncontent-length: (\d+)\r\n/i.exec(text) ?? []
    const end = text.indexOf('\r\n\r\n')
    if (length !== undefined && end !== -1 && text.length >= end + 4 + Number(length)) done(text)
  })
  socket.on('error', (error) => done(`error ${error.message}`))
  socket.on('close', () => done(Buffer.concat(chunks).toString('latin1')))
}

parentPort?.on('message', send)
